namespace Newsletter.Mailer.Delivery;

/// <summary>What became of a wish to send an issue again to whom it missed.</summary>
public abstract record ResendOutcome
{
    private ResendOutcome()
    {
    }

    /// <summary>The issue is sending again.</summary>
    public sealed record Opened(OpenedRound Round) : ResendOutcome;

    /// <summary>There is nobody to send to; the issue stays finished.</summary>
    /// <param name="LeftOut">Whom it has not reached, by the reason why they are not sent to either.</param>
    public sealed record Nobody(IReadOnlyDictionary<string, long> LeftOut) : ResendOutcome;

    public sealed record NoSuchIssue : ResendOutcome;

    /// <summary>Only a finished issue is sent again.</summary>
    public sealed record WrongState(string State) : ResendOutcome;
}

/// <summary>Whom a rejection speaks of.</summary>
public interface IRejectionSorting
{
    /// <summary>Null where it was no relay's reply.</summary>
    /// <param name="reply">As given, or as it was kept.</param>
    /// <param name="at">What it answered; null where that isn't known any more.</param>
    Failure? FailureOf(SmtpReply reply, RejectedAt? at);
}

/// <summary>
/// Sends a finished issue again to those it missed: the same message, Message-ID included. A person asks for it; whose first copy
/// may have arrived is sent a second one only by this.
/// </summary>
public sealed class IssueResend(ResendStore resends, RetryStore retries, IssueStore issues, IRejectionSorting sorting, DeliveryOptions options)
{
    /// <summary>Everything a resend may be asked for: put off until too old, lost after the message, refused by a full mailbox.</summary>
    public static IReadOnlyList<string> Statuses { get; } = ["expired", "unknown", "mailbox_full"];

    /// <param name="id">The issue.</param>
    /// <param name="statuses">Some of <see cref="Statuses"/>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<ResendOutcome> OpenAsync(long id, IReadOnlyCollection<string> statuses, CancellationToken stop)
    {
        var full = (await resends.RejectionsOf(id, stop)).Where(kept => sorting.FailureOf(kept.Reply, at: null) is { Reason: "mailboxfull" }).Select(kept => kept.Id);
        if (await resends.OpenAsync(id, [.. statuses.Distinct(StringComparer.Ordinal)], [.. full], stop) is not { } round)
            return await issues.StateOf(id, stop) is { } state ? new ResendOutcome.WrongState(state) : new ResendOutcome.NoSuchIssue();
        if (round.Recipients == 0)
            return new ResendOutcome.Nobody(round.LeftOut);
        // The sweep would do it within a minute. Whoever asked and went away has opened the round all the same.
        await retries.GatherAsync(options.BatchSize, CancellationToken.None);
        return new ResendOutcome.Opened(round);
    }
}
