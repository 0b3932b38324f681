using System.Globalization;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class CadenceTests
{
    [Theory]
    [InlineData("fridays 08:00", "Fri 06 08:00, Fri 13 08:00, Fri 20 08:00")]
    [InlineData("Friday 8:00", "Fri 06 08:00, Fri 13 08:00, Fri 20 08:00")]
    [InlineData("  fridays  at 08:00 ", "Fri 06 08:00, Fri 13 08:00, Fri 20 08:00")]
    [InlineData("tuesdays and fridays 18:30", "Tue 03 18:30, Fri 06 18:30, Tue 10 18:30")]
    [InlineData("mondays, wednesdays and fridays 07:05", "Wed 04 07:05, Fri 06 07:05, Mon 09 07:05")]
    [InlineData("mondays, wednesdays, and fridays 07:05", "Wed 04 07:05, Fri 06 07:05, Mon 09 07:05")]
    [InlineData("fridays and fridays 08:00", "Fri 06 08:00, Fri 13 08:00, Fri 20 08:00")]
    [InlineData("weekdays 07:00", "Tue 03 07:00, Wed 04 07:00, Thu 05 07:00")]
    [InlineData("weekends 10:00", "Sat 07 10:00, Sun 08 10:00, Sat 14 10:00")]
    [InlineData("daily 06:00", "Tue 03 06:00, Wed 04 06:00, Thu 05 06:00")]
    [InlineData("every day 23:59", "Mon 02 23:59, Tue 03 23:59, Wed 04 23:59")]
    [InlineData("monthly on 1 09:00", "Wed 01 09:00, Fri 01 09:00, Mon 01 09:00")]
    [InlineData("monthly on the 15th at 09:00", "Sun 15 09:00, Wed 15 09:00, Fri 15 09:00")]
    [InlineData("monthly on 31 09:00", "Tue 31 09:00, Sun 31 09:00, Fri 31 09:00")]
    [InlineData("0 8 * * 5", "Fri 06 08:00, Fri 13 08:00, Fri 20 08:00")]
    [InlineData("30 7 * * MON-FRI", "Tue 03 07:30, Wed 04 07:30, Thu 05 07:30")]
    public void ACadenceComesWhenItSays(string text, string expected)
    {
        // A Monday at noon in Berlin.
        var occurrences = Parse(text).After(At("2026-03-02T11:00Z"), Berlin).Take(3);

        Assert.Equal(expected, string.Join(", ", occurrences.Select(InBerlin)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("08:00")]
    [InlineData("fridays")]
    [InlineData("freedays 08:00")]
    [InlineData("and 08:00")]
    [InlineData("fridays 25:00")]
    [InlineData("fridays 08:60")]
    [InlineData("fridays 8am")]
    [InlineData("monthly on 0 09:00")]
    [InlineData("monthly on 32 09:00")]
    [InlineData("monthly 09:00")]
    [InlineData("every fortnight 08:00")]
    [InlineData("@daily")]
    [InlineData("0 8 * *")]
    [InlineData("0 0 8 * * 5")]
    [InlineData("0 8 * * 9")]
    [InlineData("a b c d e")]
    public void WhatIsNoCadenceIsToldWhatWouldBe(string? text)
    {
        var problem = Cadence.TryParse(text, out var cadence);

        Assert.Null(cadence);
        Assert.Contains("fridays 08:00", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ACadenceThatNeverComesHasNoOccurrences() =>
        Assert.Empty(Parse("0 8 30 2 *").After(At("2026-03-02T11:00Z"), Berlin));

    [Fact]
    public void TheWallClockStaysTheSameWhenTheClocksChange()
    {
        var occurrences = Parse("fridays 08:00").After(At("2026-03-26T00:00Z"), Berlin).Take(2).ToList();

        Assert.Equal([At("2026-03-27T07:00Z"), At("2026-04-03T06:00Z")], occurrences);
    }

    [Fact]
    public void AnOccurrenceInTheGapComesAtItsEndAndOneInTheOverlapOnlyOnce()
    {
        var daily = Parse("daily 02:30");

        var gap = daily.After(At("2026-03-28T12:00Z"), Berlin).Take(2);
        var overlap = daily.After(At("2026-10-24T12:00Z"), Berlin).Take(2);

        Assert.Equal([At("2026-03-29T01:00Z"), At("2026-03-30T00:30Z")], gap);
        Assert.Equal([At("2026-10-25T00:30Z"), At("2026-10-26T01:30Z")], overlap);
    }

    private static TimeZoneInfo Berlin { get; } = LocalTime.FindZone("Europe/Berlin")!;

    private static Cadence Parse(string text)
    {
        Assert.Null(Cadence.TryParse(text, out var cadence));
        Assert.Equal(text.Trim(), cadence!.Text);
        return cadence;
    }

    private static string InBerlin(DateTimeOffset instant) =>
        TimeZoneInfo.ConvertTime(instant, Berlin).ToString("ddd dd HH:mm", CultureInfo.InvariantCulture);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
