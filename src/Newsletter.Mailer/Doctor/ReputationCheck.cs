using System.Data.Common;
using System.Globalization;
using Newsletter.Mailer.Feedback;

namespace Newsletter.Mailer.Doctor;

/// <summary>Whether readers complained too often of what went out lately: providers remember a sender for about a month.</summary>
public sealed class ReputationCheck(ReputationStore reputation) : ICheck
{
    private const int Days = 30;
    private const int MostIssues = 100;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("complaints");
        try
        {
            Judge(await reputation.ListAsync(null, Days, MostIssues, stop), findings);
        }
        catch (DbException e)
        {
            findings.Warn("", $"How often readers complained can't be looked up: {e.Message}");
        }

        return findings.All;
    }

    private static void Judge(IReadOnlyList<IssueReputation> issues, Findings findings)
    {
        foreach (var issue in issues.Where(issue => issue.All.Level != "ok"))
            findings.Warn(
                $"issue {issue.Issue}",
                string.Create(CultureInfo.InvariantCulture, $"{issue.All.Complaints} of {issue.All.Accepted} readers of {issue.Newsletter} complained that it is unwanted ({100 * issue.All.ComplaintRate:0.00} %). Providers ask for less than 0.1 %, and refuse mail from 0.3 % on."),
                $"Find out how these readers came to the list: GET /api/reputation?newsletter={issue.Newsletter} has the rates by provider.");
        if (findings.All.Count == 0)
            findings.Ok("", FormattableString.Invariant($"No issue of the last {Days} days has too many complaints."));
    }
}
