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

    /// <summary>An instant by the clocks of a zone; as it is where there is no such zone.</summary>
    public static DateTimeOffset InZone(DateTimeOffset at, string zone) => FindZone(zone) is { } found ? TimeZoneInfo.ConvertTime(at, found) : at;

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
            return At(instant, local, zone);
        }

        // The larger offset is the earlier instant.
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return At(new DateTimeOffset(local, offset).ToUniversalTime(), local, zone);
    }

    /// <summary>The local time of an instant, with what a change of the clocks made of the one that was asked for.</summary>
    /// <param name="instant">UTC.</param>
    /// <param name="asked">The wall-clock time that the instant stands for: another than the instant's where the clocks skip it.</param>
    /// <param name="zone">An IANA zone.</param>
    public static LocalTime At(DateTimeOffset instant, DateTime asked, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(instant, zone);
        if (local.DateTime != asked)
            return new(instant, local.DateTime, zone.Id, $"{Clock(asked)} does not exist on {Day(asked)} in {zone.Id}, because the clocks go forward: it goes out at {Clock(local.DateTime)}.");
        if (!zone.IsAmbiguousTime(asked))
            return new(instant, asked, zone.Id, null);
        var which = local.Offset == zone.GetAmbiguousTimeOffsets(asked).Max() ? "first" : "second";
        return new(instant, asked, zone.Id, $"{Clock(asked)} comes twice on {Day(asked)} in {zone.Id}, because the clocks go back: it goes out the {which} time.");
    }

    private static string Clock(DateTime time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
