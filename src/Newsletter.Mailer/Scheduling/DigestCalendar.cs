namespace Newsletter.Mailer.Scheduling;

/// <summary>When a month's digest is due: on the first day of the next one, by the newsletter's own clock.</summary>
internal static class DigestCalendar
{
    /// <summary>First day of the month whose digest was due last.</summary>
    public static DateOnly LastDue(DateTimeOffset now, TimeZoneInfo zone, int hour)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var month = new DateOnly(local.Year, local.Month, 1).AddMonths(-1);
        return DueAt(month, zone, hour) <= now ? month : month.AddMonths(-1);
    }

    /// <summary>When the digest of a month is due.</summary>
    public static DateTimeOffset DueAt(DateOnly month, TimeZoneInfo zone, int hour) =>
        LocalTime.Resolve(month.AddMonths(1).ToDateTime(new TimeOnly(hour, 0)), zone).Instant;

    /// <summary>When a month began.</summary>
    public static DateTimeOffset Began(DateOnly month, TimeZoneInfo zone) => LocalTime.Resolve(month.ToDateTime(TimeOnly.MinValue), zone).Instant;
}
