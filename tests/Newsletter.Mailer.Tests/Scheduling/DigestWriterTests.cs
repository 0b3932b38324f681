using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Tests.Scheduling;

/// <summary>When a digest is due, and what it says.</summary>
public sealed class DigestWriterTests
{
    private static readonly PublicSite s_site = new(new Uri("https://news.example.com"));

    [Theory]
    [InlineData("2031-06-01T05:59:59Z", "Europe/Berlin", "2031-04")]
    [InlineData("2031-06-01T06:00:00Z", "Europe/Berlin", "2031-05")]
    [InlineData("2031-05-31T20:00:00Z", "Pacific/Auckland", "2031-05")]
    [InlineData("2031-06-01T02:30:00Z", "Asia/Kolkata", "2031-05")]
    [InlineData("2031-06-30T23:59:59Z", "Etc/UTC", "2031-05")]
    [InlineData("2031-01-01T08:00:00Z", "Etc/UTC", "2030-12")]
    public void ItIsDueOnTheFirstDayOfTheNextMonthByTheNewslettersClock(string now, string zone, string month)
    {
        var found = TimeZoneInfo.FindSystemTimeZoneById(zone);

        var last = DigestCalendar.LastDue(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture), found, hour: 8);

        Assert.Equal(month, last.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(DigestCalendar.Began(last, found) < DigestCalendar.DueAt(last, found, 8));
    }

    public static TheoryData<string> Newsletters => [.. Phrases.All.Select(words => words.Language), "pt-BR"];

    [Theory]
    [MemberData(nameof(Newsletters))]
    public void ItCanBeSentInEveryLanguage(string language)
    {
        var digest = DigestWriter.Write(Tea(language), new DateOnly(2031, 5, 1), [Entry("Title")], s_site);

        Assert.IsType<EditionReadiness.Ready>(EditionReadiness.Check(digest.Source, Tea(language), s_site.Url, DateTimeOffset.UnixEpoch, [], null));
        Assert.Contains("2031", digest.Title, StringComparison.Ordinal);
        Assert.Contains("2031", digest.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# Heading")]
    [InlineData("1. One")]
    [InlineData("- [x] done *now* _too_ ~~gone~~ ==mark== `code` ![x](y) <b>b</b> &amp; | a | b |")]
    [InlineData("https://example.org/a_b and www.example.org and ana@example.com")]
    [InlineData("{{ subscriber.address }} {% if %} \\{{ x }}")]
    [InlineData("[^1] [!NOTE] ::: quote :smile: $x$ ^sup^ ++ins++ \"quoted\" 'single' — …")]
    [InlineData("Trailing backslash \\")]
    [InlineData("お茶の時間 شاي 🍵")]
    public void WhatOthersWroteIsText(string text)
    {
        var digest = DigestWriter.Write(Tea("en") with { Name = "It's 'tea': #1" }, new DateOnly(2031, 5, 1), [Entry(text) with { Preheader = text }], s_site);

        var ready = Assert.IsType<EditionReadiness.Ready>(EditionReadiness.Check(digest.Source, Tea("en"), s_site.Url, DateTimeOffset.UnixEpoch, [], null));
        var reader = new Newsletter.Mailer.Rendering.Recipient { Address = "ana@example.net", MessageId = "x@example.com", UnsubscribeUrl = "https://news.example.com/unsubscribe/x" };
        var written = ready.Rendered.FillText(reader).ReplaceLineEndings(" ");
        Assert.Equal(3, written.Split(text).Length);
        var link = Assert.Single(ready.Rendered.Links);
        Assert.Equal("https://news.example.com/n/tea/archive/high-water", link.Url);
        Assert.Equal("It's 'tea': #1: digest for May 2031", ready.Rendered.FillSubject(reader));
    }

    [Fact]
    public void APreheaderReadsAsToSomeoneOfWhomNothingIsKnown()
    {
        Assert.Equal("Hello friend, the tide", DigestWriter.Plain("Hello {{ subscriber.first_name | default: \"friend\" }}, the tide", hasSlots: true));
        Assert.Equal("Hello {{ x }}", DigestWriter.Plain("Hello {{ x }}", hasSlots: false));
        Assert.Null(DigestWriter.Plain("{{ subscriber.name }}", hasSlots: true));
        Assert.Null(DigestWriter.Plain(null, hasSlots: true));
    }

    private static DigestEntry Entry(string title) => new() { IssueId = 1, Number = 35, Title = title, Slug = "high-water", SentAt = DateTimeOffset.UnixEpoch };

    private static NewsletterProfile Tea(string language) => new()
    {
        Slug = "tea",
        Name = "The Tea",
        FromAddress = "tea@example.com",
        PostalAddress = "1 Kettle Lane",
        TimeZone = "Europe/Berlin",
        Language = language,
    };
}
