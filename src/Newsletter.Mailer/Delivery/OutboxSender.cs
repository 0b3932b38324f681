using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Outbox;

namespace Newsletter.Mailer.Delivery;

/// <summary>Sends mail to one person over connections that no issue uses.</summary>
public sealed partial class OutboxSender(OutboxStore outbox, TestSend testSends, ReaderMail readerMail, PersonalRelays relays, TimeProvider clock, ILogger<OutboxSender> log)
{
    // Longer than a relay may take over its last reply (RFC 5321 §4.5.3.2.6), so that nobody else sends the same mail meanwhile.
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>Sends one mail, if it is still to be sent.</summary>
    /// <returns>When to try again; null where it is done, or in other hands.</returns>
    public async Task<TimeSpan?> SendAsync(long id, CancellationToken stop)
    {
        if (await outbox.ClaimAsync(id, Lease, stop) is not { } mail)
            return null;
        switch (await ComposeAsync(mail, stop))
        {
            case ComposedMail.Ready(var message):
                return await SendAsync(mail, message, stop);
            case ComposedMail.Impossible(var problem):
                await outbox.FailedAsync(mail, problem, CancellationToken.None);
                LogFailed(id, problem);
                return null;
            default:
                await outbox.DropAsync(mail, CancellationToken.None);
                return null;
        }
    }

    private async Task<TimeSpan?> SendAsync(ClaimedMail mail, OutgoingMail message, CancellationToken stop)
    {
        await using var session = await RentAsync(stop);
        if (session is null)
            return await TryAgainAsync(mail, relays.Pool.Outage(TimeSpan.Zero) ?? "No connection to a relay could be made.");
        return await EnterAsync(mail, await session.SendAsync(message));
    }

    private async Task<ComposedMail> ComposeAsync(ClaimedMail mail, CancellationToken stop)
    {
        try
        {
            return mail.Kind switch
            {
                TestSend.Kind => await testSends.ComposeAsync(mail, stop),
                ReaderMailKinds.Confirmation => await readerMail.ConfirmationAsync(mail, stop),
                ReaderMailKinds.PreferencesLink => await readerMail.PreferencesAsync(mail, stop),
                ReaderMailKinds.Welcome => await readerMail.WelcomeAsync(mail, stop),
                _ => new ComposedMail.Impossible($"This version of the program does not know mail of kind '{mail.Kind}'."),
            };
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException) && !DatabaseContact.IsLoss(e))
        {
            // It could not be made the next time either: whoever waits for it is told.
            LogUnrenderable(e, mail.Id);
            return new ComposedMail.Impossible(SmtpText.Storable($"The message can't be made ({e.GetType().Name}): {e.Message}"));
        }
    }

    private async Task<RelaySession?> RentAsync(CancellationToken stop)
    {
        try
        {
            return await relays.Pool.RentAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<TimeSpan?> EnterAsync(ClaimedMail mail, SendOutcome outcome)
    {
        switch (outcome)
        {
            case SendOutcome.Accepted accepted:
                await outbox.SentAsync(mail, SmtpText.Storable(accepted.Reply.ToString()), CancellationToken.None);
                return null;
            case SendOutcome.Rejected rejected:
                await outbox.FailedAsync(mail, SmtpText.Storable(rejected.Reply.ToString()), CancellationToken.None);
                return null;
            // A person waits for this mail: a second copy is the lesser evil.
            case SendOutcome.Unknown unknown:
                return await TryAgainAsync(mail, unknown.Reason);
            case SendOutcome.Deferred deferred:
                return await TryAgainAsync(mail, deferred.Reply.ToString());
            case SendOutcome.RelayFault fault:
                return await TryAgainAsync(mail, fault.Reason);
            case SendOutcome.SenderRefused refused:
                return await TryAgainAsync(mail, refused.Reply.ToString());
            case SendOutcome.CredentialsRefused refused:
                return await TryAgainAsync(mail, refused.Reply.ToString());
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<TimeSpan?> TryAgainAsync(ClaimedMail mail, string reply)
    {
        if (clock.GetUtcNow() - mail.CreatedAt > GiveUpAfter)
        {
            await outbox.FailedAsync(mail, SmtpText.Storable(reply), CancellationToken.None);
            LogFailed(mail.Id, reply);
            return null;
        }

        var wait = Waits[Math.Min(mail.Attempts - 1, Waits.Length - 1)];
        await outbox.TryAgainAsync(mail, SmtpText.Storable(reply), wait, CancellationToken.None);
        return wait;
    }

    [LoggerMessage(1, LogLevel.Warning, "Outbox mail {OutboxId} failed: {Reason}")]
    private partial void LogFailed(long outboxId, string reason);

    [LoggerMessage(2, LogLevel.Error, "Outbox mail {OutboxId}: the message can't be made")]
    private partial void LogUnrenderable(Exception exception, long outboxId);
}
