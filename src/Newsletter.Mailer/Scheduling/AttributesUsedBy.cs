namespace Newsletter.Mailer.Scheduling;

/// <summary>Looks up which attributes exist only for an edition that names any: with a million subscribers the answer takes a second.</summary>
public static class AttributesUsedBy
{
    public static async Task<IReadOnlyCollection<string>> EditionAsync(string source, long newsletter, ScheduleStore schedule, CancellationToken stop) =>
        source.Contains("subscriber.attributes", StringComparison.Ordinal) ? await schedule.KnownAttributes(newsletter, stop) : [];
}
