using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>An issue that has gone out, and what comes back of it.</summary>
public abstract class FeedbackTest : MailroomTest
{
    protected FeedbackOptions Options { get; } = new();

    protected FeedbackStore Store => new(DataSource);

    protected ConsequenceStore Consequences => new(DataSource, new ThrottleGroups(), Options);

    protected BounceStore Bounces => new(DataSource, new SuppressionStore(DataSource, Room.Keys));

    protected MailboxStore Mailboxes => new(DataSource);

    /// <summary>Sends an issue to so many new readers.</summary>
    protected async Task<(long Issue, ReturnedMails Mails)> SendAsync(int readers)
    {
        var issue = await Room.FreezeIssueAsync(readers);
        await Room.Worker.WorkAsync();
        return (issue, new ReturnedMails(Room, issue));
    }

    /// <summary>Sends another issue to the same readers.</summary>
    protected async Task<(long Issue, ReturnedMails Mails)> SendAgainAsync()
    {
        var newsletter = await Room.Newsletters.FindAsync("tea", default);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter!));
        await Room.Worker.WorkAsync();
        return (issue, new ReturnedMails(Room, issue));
    }

    /// <summary>Takes a mail in as the mailbox's reader does, and settles what follows.</summary>
    /// <returns>What it came to.</returns>
    protected async Task<string> ReceiveAsync(byte[] mail)
    {
        var outcome = await TakeAsync(mail);
        await Consequences.SettleAsync(default);
        return outcome;
    }

    protected async Task<string> TakeAsync(params byte[][] mails)
    {
        var taken = mails.Select(mail => new TakenMail(SHA256.HashData(mail), Guid.NewGuid().ToString(), mail.Length, ReturnedMail.Read(mail, Room.Keys, ReturnedMails.Paths))).ToList();
        return string.Join(',', await Store.TakeMailAsync("bounces", taken, default));
    }

    protected MailboxReader Reader(MailboxOptions options) =>
        new(options, Mailboxes, Store, Room.Keys, ReturnedMails.Paths, TimeProvider.System, NullLogger<MailboxReader>.Instance);

    protected Task<IReadOnlyList<string>> Suppressions() => Database.ListAsync<string>("select address || ' ' || reason from suppressions order by address");

    protected Task<IReadOnlyList<string>> BouncesKept() =>
        Database.ListAsync<string>("select kind || ' ' || reason || ' ' || coalesce(seq::text, '-') || ' ' || coalesce(consequence, '?') from bounces order by id");
}
