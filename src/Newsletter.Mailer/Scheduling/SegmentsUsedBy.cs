using Newsletter.Mailer.Audience.Segments;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Looks up a newsletter's segments only for an edition that may name one.</summary>
public static class SegmentsUsedBy
{
    public static async Task<IReadOnlyList<Segment>> EditionAsync(string source, long newsletter, ScheduleStore schedule, CancellationToken stop) =>
        source.Contains("segment", StringComparison.Ordinal) || source.Contains("only", StringComparison.Ordinal) ? await schedule.SegmentsOf(newsletter, stop) : [];
}
