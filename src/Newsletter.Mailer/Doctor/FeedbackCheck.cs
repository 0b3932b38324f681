using System.Data.Common;
using System.Globalization;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;

namespace Newsletter.Mailer.Doctor;

/// <summary>Whether what comes back is read, and what providers hold against us.</summary>
/// <param name="mailboxes">Their state.</param>
/// <param name="configured">Names of those that are to be read.</param>
/// <param name="alarms">What providers said of our relays.</param>
/// <param name="clock">Tells how old a look is.</param>
public sealed class FeedbackCheck(MailboxStore mailboxes, IReadOnlyList<string> configured, RelayAlarmStore alarms, TimeProvider clock) : ICheck
{
    private static readonly TimeSpan s_long = TimeSpan.FromHours(1);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var (findings, raised) = (new Findings("mailbox"), new Findings("alarm"));
        try
        {
            var states = (await mailboxes.ListAsync(stop)).ToDictionary(state => state.Name, StringComparer.Ordinal);
            foreach (var name in configured)
                Judge(name, states.GetValueOrDefault(name), findings);
            foreach (var alarm in (await alarms.ListAsync(open: true, PageRequest.First, stop)).Items)
                raised.Warn(alarm.Relay ?? "", string.Create(CultureInfo.InvariantCulture, $"{alarm.Provider} refuses mail for what it thinks of us, {alarm.Count} times since {alarm.FirstAt.UtcDateTime:yyyy-MM-dd}: {alarm.Sample ?? alarm.Reason}"), $"POST /api/relays/alarms/{alarm.Id.ToString(CultureInfo.InvariantCulture)}/clear  # once it is mended");
        }
        catch (DbException e)
        {
            findings.Warn("", $"How mailboxes are doing can't be looked up: {e.Message}");
        }

        return [.. findings.All, .. raised.All];
    }

    private void Judge(string name, MailboxState? state, Findings findings)
    {
        if (state is { Error: { } error })
            findings.Fail(name, error);
        else if (state?.LastReadAt is not { } at)
            findings.Warn(name, "Nobody has looked into it yet: a worker does, once one runs.", "newsletter serve --role worker");
        else if (clock.GetUtcNow() - at > s_long)
            findings.Fail(name, string.Create(CultureInfo.InvariantCulture, $"Nobody has looked into it since {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC: bounces and complaints go unread."), "newsletter serve --role worker");
        else
            findings.Ok(name, string.Create(CultureInfo.InvariantCulture, $"It is read ({(state.WaitsBy == "idle" ? "at once" : "again and again")}); {state.Backlog ?? 0} wait, {state.Unclear} could not be understood and are kept there."));
    }
}
