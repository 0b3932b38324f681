using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Newsletter.Mailer.Scheduling;

/// <summary>
/// When a newsletter usually goes out: <c>fridays 08:00</c>, <c>tuesdays and fridays 18:30</c>, <c>weekdays 07:00</c>, <c>daily 06:00</c>,
/// <c>monthly on 1 09:00</c>, or five fields of cron (<c>0 8 * * 5</c>) for anything else. In the newsletter's own zone.
/// </summary>
public sealed partial class Cadence
{
    private static readonly string[] Days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

    private readonly CronExpression _cron;

    private Cadence(string text, CronExpression cron) => (Text, _cron) = (text, cron);

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Reads a cadence.</summary>
    /// <param name="text">As written by a person.</param>
    /// <param name="cadence">The cadence, where there is no problem.</param>
    /// <returns>Null, or what is wrong and what would be right.</returns>
    public static string? TryParse(string? text, out Cadence? cadence)
    {
        cadence = null;
        var cron = ToCron((text ?? "").Trim().ToLowerInvariant());
        if (cron is null || !CronExpression.TryParse(cron, out var expression))
            return $"'{text}' is no cadence: write for instance 'fridays 08:00', 'tuesdays and fridays 18:30', 'weekdays 07:00', 'daily 06:00', 'monthly on 1 09:00', or five fields of cron such as '0 8 * * 5'.";
        cadence = new Cadence(text!.Trim(), expression);
        return null;
    }

    /// <summary>The occurrences after an instant, in order. A daylight-saving gap moves one to the end of the gap; none comes twice.</summary>
    public IEnumerable<DateTimeOffset> After(DateTimeOffset instant, TimeZoneInfo zone)
    {
        for (var next = _cron.GetNextOccurrence(instant, zone); next is { } found; next = _cron.GetNextOccurrence(found, zone))
            yield return found.ToUniversalTime();
    }

    /// <summary>The wall-clock time that an occurrence stands for: its own, unless the clocks skipped that and it was moved.</summary>
    /// <param name="occurrence">One of <see cref="After"/>.</param>
    /// <param name="zone">The same zone.</param>
    public DateTime AskedFor(DateTimeOffset occurrence, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(occurrence, zone).DateTime;
        var skipped = zone.GetUtcOffset(occurrence) - zone.GetUtcOffset(occurrence.AddMinutes(-1));
        // Read as if the wall clock were UTC, whose clocks skip nothing.
        var from = DateTime.SpecifyKind(skipped > TimeSpan.Zero ? local - skipped : local, DateTimeKind.Utc);
        return IsAskedFor(local) ? local : DateTime.SpecifyKind(_cron.GetNextOccurrence(from, inclusive: true)!.Value, DateTimeKind.Unspecified);
    }

    private bool IsAskedFor(DateTime local)
    {
        var read = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        return _cron.GetNextOccurrence(read, inclusive: true) == read;
    }

    private static string? ToCron(string text)
    {
        // Words first: "mondays, wednesdays and fridays 08:00" has five fields as well.
        if (Words().Match(text) is not { Success: true } match)
            return FiveFields().IsMatch(text) ? text : null;

        var hour = int.Parse(match.Groups["hour"].ValueSpan, CultureInfo.InvariantCulture);
        var minute = int.Parse(match.Groups["minute"].ValueSpan, CultureInfo.InvariantCulture);
        if (match.Groups["date"] is { Success: true, ValueSpan: var date })
            return $"{minute} {hour} {date} * *";

        var when = match.Groups["when"].Value;
        var days = when switch
        {
            "daily" or "every day" => "*",
            "weekdays" => "1-5",
            "weekends" => "0,6",
            _ => DayNumbers(when),
        };
        return days is null ? null : $"{minute} {hour} * * {days}";
    }

    private static string? DayNumbers(string when)
    {
        var numbers = Separators().Split(when).Select(day => Array.IndexOf(Days, day.TrimEnd('s'))).ToArray();
        return numbers.Contains(-1) ? null : string.Join(',', numbers.Distinct().Order());
    }

    [GeneratedRegex(@"^\S+(?: +\S+){4}$", RegexOptions.NonBacktracking)]
    private static partial Regex FiveFields();

    [GeneratedRegex(@"^(?:monthly on (?:the )?(?<date>[0-9]{1,2})(?:st|nd|rd|th)?|(?<when>[a-z, ]+?)) +(?:at +)?(?<hour>[0-9]{1,2}):(?<minute>[0-9]{2})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    [GeneratedRegex(@" *, *(?:and +)?| +and +| +", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Separators();
}
