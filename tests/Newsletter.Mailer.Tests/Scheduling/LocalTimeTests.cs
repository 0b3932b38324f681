using System.Globalization;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class LocalTimeTests
{
    [Theory]
    [InlineData("2026-10-25T00:30Z", "first")]
    [InlineData("2026-10-25T01:30Z", "second")]
    public void WhichOfTwoEqualTimesIsMeantIsTold(string instant, string which)
    {
        var when = LocalTime.At(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture), new DateTime(2026, 10, 25, 2, 30, 0), LocalTime.FindZone("Europe/Berlin")!);

        Assert.Equal($"02:30 comes twice on 2026-10-25 in Europe/Berlin, because the clocks go back: it goes out the {which} time.", when.Note);
    }

    [Theory]
    [InlineData("2026-03-27T08:00", "Europe/Berlin", "2026-03-27T07:00Z")]
    [InlineData("2026-07-03 08:00", "Europe/Berlin", "2026-07-03T06:00Z")]
    [InlineData("2026-07-03T08:00:30", "America/New_York", "2026-07-03T12:00:30Z")]
    [InlineData("2026-07-03 08:00:30", "Asia/Kolkata", "2026-07-03T02:30:30Z")]
    [InlineData("2026-07-03T08:00", "Etc/UTC", "2026-07-03T08:00Z")]
    public void AnOrdinaryTimeIsThatOfItsZone(string local, string zone, string instant)
    {
        var when = Resolve(local, zone);

        Assert.Equal(Instant(instant), when.Instant);
        Assert.Equal(TimeSpan.Zero, when.Instant.Offset);
        Assert.Equal(zone, when.Zone);
        Assert.Null(when.Note);
    }

    [Theory]
    [InlineData("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30Z", "03:30")]
    [InlineData("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00Z", "03:00")]
    [InlineData("2026-03-08T02:59", "America/New_York", "2026-03-08T07:59Z", "03:59")]
    [InlineData("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45Z", "02:45")]
    public void ATimeThatTheClocksSkipMovesForwardAndSaysSo(string local, string zone, string instant, string moved)
    {
        var when = Resolve(local, zone);

        Assert.Equal(Instant(instant), when.Instant);
        Assert.Equal(moved, when.Local.ToString("HH:mm", CultureInfo.InvariantCulture));
        Assert.Contains(local[^5..] + " does not exist", when.Note, StringComparison.Ordinal);
        Assert.Contains("goes out at " + moved, when.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30Z")]
    [InlineData("2026-11-01T01:00", "America/New_York", "2026-11-01T05:00Z")]
    public void ATimeThatComesTwiceMeansTheFirstAndSaysSo(string local, string zone, string instant)
    {
        var when = Resolve(local, zone);

        Assert.Equal(Instant(instant), when.Instant);
        Assert.Equal(local[^5..], when.Local.ToString("HH:mm", CultureInfo.InvariantCulture));
        Assert.Contains("comes twice", when.Note, StringComparison.Ordinal);
        Assert.Contains("the first time", when.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-03-29T01:59", "2026-03-29T00:59Z")]
    [InlineData("2026-03-29T03:00", "2026-03-29T01:00Z")]
    [InlineData("2026-10-25T01:59", "2026-10-24T23:59Z")]
    [InlineData("2026-10-25T03:00", "2026-10-25T02:00Z")]
    public void TimesBesideAChangeAreOrdinary(string local, string instant)
    {
        var when = Resolve(local, "Europe/Berlin");

        Assert.Equal(Instant(instant), when.Instant);
        Assert.Null(when.Note);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("2026-03-27")]
    [InlineData("2026-02-30T08:00")]
    [InlineData("2026-03-27T24:00")]
    [InlineData("2026-03-27T08:00Z")]
    [InlineData("2026-03-27T08:00+01:00")]
    [InlineData("27.03.2026 08:00")]
    [InlineData("0001-01-01T00:00")]
    [InlineData("9999-12-31T23:59")]
    public void WhatIsNoLocalTimeIsRefused(string? text) => Assert.False(LocalTime.TryParse(text, out _));

    [Theory]
    [InlineData("0002-01-01T00:00")]
    [InlineData("9998-12-31T23:59")]
    public void TheFirstAndLastYearsThatAreReadCanBeResolvedEverywhere(string text)
    {
        Assert.True(LocalTime.TryParse(text, out var local));

        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
            Assert.Equal(TimeSpan.Zero, LocalTime.Resolve(local, zone).Instant.Offset);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Mars/Olympus")]
    [InlineData("Europe/Berlin ")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("Eastern Standard Time")]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/localtime")]
    [InlineData("Europe")]
    [InlineData("Europe/Berlin\0")]
    public void WhatIsNoIanaZoneIsNotFound(string? name) => Assert.Null(LocalTime.FindZone(name));

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("Etc/UTC")]
    [InlineData("UTC")]
    public void IanaZonesAreFound(string name) => Assert.Equal(name, LocalTime.FindZone(name)!.Id);

    private static LocalTime Resolve(string local, string zone)
    {
        Assert.True(LocalTime.TryParse(local, out var time));
        return LocalTime.Resolve(time, LocalTime.FindZone(zone)!);
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
