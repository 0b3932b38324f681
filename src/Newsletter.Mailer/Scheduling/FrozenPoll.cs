using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>A poll as it is kept with its issue.</summary>
public sealed record FrozenPoll(int Number, string Question, IReadOnlyList<string> Options, bool IsAnonymous, bool TakesComments, DateTimeOffset? ClosesAt)
{
    /// <summary>The polls of an edition, their ends read by the clocks of the newsletter's zone.</summary>
    public static IReadOnlyList<FrozenPoll> Of(IEnumerable<EditionPoll> polls, string timeZone) =>
    [
        .. from poll in polls
           let closes = poll.Closes is { } local ? LocalTime.Resolve(local, LocalTime.FindZone(timeZone) ?? TimeZoneInfo.Utc).Instant : (DateTimeOffset?)null
           select new FrozenPoll(poll.Number, poll.Question, poll.Options, poll.IsAnonymous, poll.TakesComments, closes),
    ];
}
