using System.Globalization;

namespace Newsletter.Mailer.Scheduling;

/// <summary>A wall-clock time in a zone, made an instant. What a change of the clocks did to it is said, never silent.</summary>
/// <param name="Instant">UTC.</param>
/// <param name="Local">The wall-clock time that the instant has in the zone: differs from what was asked in a gap.</param>
/// <param name="Zone">IANA name.</param>
/// <param name="Note">What the daylight-saving change did, for people; null on all other days.</param>
public sealed record LocalTime(DateTimeOffset Instant, DateTime Local, string Zone, string? Note)
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss",
    ];

    /// <summary>Reads <c>2026-03-27T08:00</c>: no offset, because the zone decides it.</summary>
    // The first and last years of the calendar have hours that are no instant in zones away from Greenwich.
    public static bool TryParse(string? text, out DateTime local) =>
        DateTime.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out local) && local.Year is > 1 and < 9999;

    /// <summary>An IANA zone by its name; null where there is none such. Windows names are refused: they mean nothing elsewhere.</summary>
    public static TimeZoneInfo? FindZone(string? name) =>
        name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId ? zone : null;

    /// <summary>
    /// The instant of a local time. One that the clocks skip moves forward by what they skip (02:30 becomes 03:30);
    /// one that comes twice means the first.
    /// </summary>
    public static LocalTime Resolve(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local))
        {
            var before = zone.GetUtcOffset(local.AddHours(-3));
            var instant = new DateTimeOffset(local, before).ToUniversalTime();
            var moved = TimeZoneInfo.ConvertTime(instant, zone).DateTime;
            return new(instant, moved, zone.Id, $"{Clock(local)} does not exist on {Day(local)} in {zone.Id}, because the clocks go forward: it goes out at {Clock(moved)}.");
        }

        if (zone.IsAmbiguousTime(local))
        {
            // The larger offset is the earlier instant.
            var instant = new DateTimeOffset(local, zone.GetAmbiguousTimeOffsets(local).Max()).ToUniversalTime();
            return new(instant, local, zone.Id, $"{Clock(local)} comes twice on {Day(local)} in {zone.Id}, because the clocks go back: it goes out the first time.");
        }

        return new(new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime(), local, zone.Id, null);
    }

    private static string Clock(DateTime time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
