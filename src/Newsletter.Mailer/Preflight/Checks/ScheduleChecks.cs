using System.Globalization;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>When it goes out, beside the newsletter's other editions.</summary>
internal static class ScheduleChecks
{
    private const int NightBegins = 23;
    private const int NightEnds = 5;
    private static readonly TimeSpan s_crowded = TimeSpan.FromHours(1);

    public static void Look(PreflightSubject subject, FindingList found)
    {
        var request = subject.Request;
        if (request.SendAt is { } at)
            Time(subject, at, found);
        var number = subject.Edition.Number;
        if (request.Others?.Where(other => other.Number is not null && other.SendAt <= (request.SendAt ?? request.Now)).MaxBy(other => other.Number) is { } before && number <= before.Number)
            found.Add("number-order", string.Create(CultureInfo.InvariantCulture, $"It has the number {number}, and number {before.Number} (\"{before.Title}\") goes out before it."), "Correct 'number' in the front matter.", subject.Source.Find("number:"));
    }

    private static void Time(PreflightSubject subject, DateTimeOffset at, FindingList found)
    {
        var shown = at.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        if (at < subject.Request.Now.AddMinutes(-1))
            found.Add("schedule-past", $"It was to go out at {shown}, which is over.", "Schedule it anew, or publish it.");
        if (at.Hour is >= NightBegins or < NightEnds)
            found.Add("schedule-night", $"It goes out at {shown} of the newsletter's time, when most readers sleep: in the morning it lies below everything newer.", "Schedule it for the day.");
        foreach (var other in subject.Request.Others?.Where(other => (other.SendAt - at).Duration() < s_crowded) ?? [])
            found.Add("schedule-crowded", $"\"{other.Title}\" {(other.IsPublished ? "went" : "goes")} out at {other.SendAt.ToOffset(at.Offset).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}, within the hour.", "Leave a day between two editions.");
        if (subject.Edition.Date is { } day && Math.Abs(day.DayNumber - DateOnly.FromDateTime(at.DateTime).DayNumber) > 7)
            found.Add("date-differs", $"It bears the date {day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} and goes out on {at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.", "Correct 'date' in the front matter, or take it out.", subject.Source.Find("date:"));
    }
}
