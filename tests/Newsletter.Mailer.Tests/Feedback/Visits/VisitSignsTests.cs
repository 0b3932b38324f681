using System.Net;
using Newsletter.Mailer.Feedback.Visits;

namespace Newsletter.Mailer.Tests.Feedback.Visits;

public sealed class VisitSignsTests
{
    private const string Chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

    [Theory]
    [InlineData(Chrome)]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.0")]
    [InlineData("Mozilla/5.0 (Linux; Android 11; CUBOT X50 Build/RP1A; wv) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36")]
    [InlineData("Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8", true)]
    public void WhatPeopleReadWithIsNoMachine(string agent, bool isTaken = false) =>
        Assert.Equal(isTaken ? VisitSigns.Agent : null, VisitSigns.OfClick("GET", agent, fetchedAhead: false));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("Mozilla/5.0")]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")]
    [InlineData("Mozilla/5.0 (compatible; BarracudaCentral; Barracuda Sentinel)")]
    [InlineData("facebookexternalhit/1.1")]
    [InlineData("WhatsApp/2.23.20.0")]
    [InlineData("curl/8.5.0")]
    [InlineData("python-requests/2.31.0")]
    [InlineData("Go-http-client/2.0")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36")]
    public void WhatNobodyReadsWithIs(string? agent) => Assert.Equal(VisitSigns.Agent, VisitSigns.OfClick("GET", agent, fetchedAhead: false));

    [Fact]
    public void NobodyClicksWithHeadOrAheadOfTime()
    {
        Assert.Equal(VisitSigns.Method, VisitSigns.OfClick("HEAD", Chrome, fetchedAhead: false));
        Assert.Equal(VisitSigns.Method, VisitSigns.OfClick("GET", Chrome, fetchedAhead: true));
    }

    [Theory]
    [InlineData(Chrome, OpenedBy.Human)]
    [InlineData("Mozilla/5.0", OpenedBy.Proxy)]
    [InlineData("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", OpenedBy.Proxy)]
    [InlineData("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", OpenedBy.Proxy)]
    [InlineData("curl/8.5.0", OpenedBy.Machine)]
    [InlineData(null, OpenedBy.Machine)]
    public void WhoLoadedThePictureIsTold(string? agent, OpenedBy by) => Assert.Equal(by, VisitSigns.OfOpen("GET", agent, fetchedAhead: false));

    [Fact]
    public void AVisitorIsTheSameForADayAndNoLonger()
    {
        var clock = new SetClock { Now = new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero) };
        var visitors = new Visitors(clock);
        var first = visitors.At(IPAddress.Parse("192.0.2.7"));

        Assert.Equal(first, visitors.At(IPAddress.Parse("::ffff:192.0.2.7")));
        Assert.NotEqual(first, visitors.At(IPAddress.Parse("192.0.2.8")));
        Assert.Equal(visitors.At(IPAddress.Parse("2001:db8:1:2::1")), visitors.At(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.NotEqual(visitors.At(IPAddress.Parse("2001:db8:1:2::1")), visitors.At(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.NotEqual(first, new Visitors(clock).At(IPAddress.Parse("192.0.2.7")));
        clock.Now = clock.Now.AddHours(12);
        Assert.NotEqual(first, visitors.At(IPAddress.Parse("192.0.2.7")));
        Assert.Equal(8, visitors.At(null).Length);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
