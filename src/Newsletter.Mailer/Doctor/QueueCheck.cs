using System.Data.Common;
using System.Globalization;

namespace Newsletter.Mailer.Doctor;

/// <summary>Whether what is to be sent is being sent.</summary>
public sealed class QueueCheck(InstallationStore store) : ICheck
{
    private const double LateSeconds = 60;
    private const double StuckSeconds = 600;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("queue");
        try
        {
            Judge(await store.WaitingAsync(stop), findings);
        }
        catch (DbException e)
        {
            findings.Warn("", $"What waits can't be looked up: {e.Message}");
        }

        return findings.All;
    }

    private static void Judge(WaitingWork work, Findings findings)
    {
        if (work.OldestMail > StuckSeconds)
            findings.Fail("", $"{Count(work.Mails, "mail")} to one person (confirmations, for instance) wait; the oldest has been due for {Age(work.OldestMail.Value)}. Is a worker running, and does its relay answer?", "newsletter serve --role worker");
        else if (work.OldestMail > LateSeconds)
            findings.Warn("", $"A mail to one person has been due for {Age(work.OldestMail.Value)}.");
        if (work.SendingIssues > 0 && work.Senders == 0)
            findings.Fail("", $"{Count(work.SendingIssues, "issue")} should go out, and no worker is sending.", "newsletter serve --role worker");
        if (work.StuckFreezes > 0)
            findings.Fail("", $"{Count(work.StuckFreezes, "issue")} began to be made ready more than an hour ago and isn't. The log of the workers says why.");
        if (work.PausedIssues > 0)
            findings.Note("", $"{Count(work.PausedIssues, "issue")} paused; 'GET /api/issues' gives the reasons.");
        if (work.FailedMails > 0)
            findings.Warn("", $"{Count(work.FailedMails, "mail")} to one person could not be sent in the last seven days.");
        if (!findings.All.Any(found => found.Level >= FindingLevel.Warning))
            findings.Ok("", "Nothing waits that should have gone out.");
    }

    private static string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");

    private static string Age(double seconds) => seconds < 5400
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Round(seconds / 60)} min")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(seconds / 3600)} h");
}
