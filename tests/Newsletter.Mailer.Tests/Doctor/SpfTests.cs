using System.Net;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Doctor;

[Trait("Category", "Dnsmasq")]
public sealed class SpfTests
{
    [Theory]
    [InlineData("v=spf1 ip4:192.0.2.0/24 -all", FindingLevel.Ok, "0 of 10 looks into the DNS, everyone else fails.", null)]
    [InlineData("v=spf1 mx a:relay.example.com ~all", FindingLevel.Ok, "2 of 10", null)]
    [InlineData("v=spf1 include:two.example.com ?all", FindingLevel.Ok, "is neutral", null)]
    [InlineData("v=spf1 redirect=two.example.com", FindingLevel.Ok, "fails softly", null)]
    [InlineData("v=spf1 ip4:198.51.100.0/24 -all", FindingLevel.Warning, "doesn't allow 203.0.113.9", "\"v=spf1 ip4:203.0.113.9 ip4:198.51.100.0/24 -all\"", "203.0.113.9")]
    [InlineData("v=spf1 ip4:203.0.113.0/28 -all", FindingLevel.Ok, "good", null, "203.0.113.9")]
    [InlineData("v=spf1 exists:%{i}.spf.example.com -all", FindingLevel.Ok, "1 of 10", null, "203.0.113.9")]
    [InlineData("v=spf1 mx", FindingLevel.Warning, "says nothing of everyone else", "\"v=spf1 mx ~all\"")]
    [InlineData("v=spf1 mx +all", FindingLevel.Error, "anyone may send", "\"v=spf1 mx ~all\"")]
    [InlineData("v=spf1 all", FindingLevel.Error, "anyone may send", "\"v=spf1 ~all\"")]
    [InlineData("v=spf1 ip4:192.0.2.300 -all", FindingLevel.Error, "'ip4:192.0.2.300' has no IPv4", null)]
    [InlineData("v=spf1 include -all", FindingLevel.Error, "'include' names no domain", null)]
    [InlineData("v=spf1 mailgun.org -all", FindingLevel.Error, "'mailgun.org' is no mechanism", null)]
    [InlineData("v=spf1 include:none.example.com -all", FindingLevel.Error, "which has no SPF record", null)]
    [InlineData("v=spf1 include:self.example.com -all", FindingLevel.Error, "includes itself", null)]
    [InlineData("v=spf1 include:many.example.com include:many2.example.com -all", FindingLevel.Error, "takes 12 looks into the DNS, and 10 are allowed", null)]
    [InlineData("v=spf1 include:many.example.com include:two.example.com a mx -all", FindingLevel.Note, "with 9 of 10", null)]
    [InlineData("v=spf1 a:no1.example.com a:no2.example.com a:no3.example.com -all", FindingLevel.Error, "3 looks into the DNS that find nothing", null)]
    public async Task ARecordIsJudged(string record, FindingLevel level, string message, string? remedy, string? relay = null)
    {
        await using var server = await DnsServer.StartAsync(
            $"txt-record=news.example.com,{record}",
            "txt-record=two.example.com,v=spf1 ip4:192.0.2.1 ~all",
            "txt-record=self.example.com,v=spf1 include:self.example.com -all",
            "txt-record=many.example.com,v=spf1 a:relay.example.com a:relay.example.com a:relay.example.com a:relay.example.com a:relay.example.com -all",
            "txt-record=many2.example.com,v=spf1 a:relay.example.com a:relay.example.com a:relay.example.com a:relay.example.com a:relay.example.com -all",
            "mx-host=news.example.com,relay.example.com,10",
            "host-record=relay.example.com,192.0.2.7",
            "host-record=news.example.com,192.0.2.8");
        var relays = relay is null ? [] : new[] { new Relay { Id = 1, Name = "main", Host = relay, Port = 25 } };

        var found = Assert.Single(await new SpfCheck(new DnsRecords(server.EndPoint), ["news.example.com"], relays).RunAsync(default));

        Assert.Equal((level, "spf", "news.example.com"), (found.Level, found.Check, found.About));
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
        if (remedy is null)
            Assert.Null(found.Remedy);
        else
            Assert.Contains(remedy, found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhereThereIsNoneOneIsOffered()
    {
        await using var server = await DnsServer.StartAsync("txt-record=news.example.com,something else");

        var found = Assert.Single(await new SpfCheck(new DnsRecords(server.EndPoint), ["news.example.com"], [new Relay { Id = 1, Name = "main", Host = "203.0.113.9", Port = 25 }]).RunAsync(default));

        Assert.Equal((FindingLevel.Error, "news.example.com. IN TXT \"v=spf1 ip4:203.0.113.9 ~all\""), (found.Level, found.Remedy));
    }

    [Fact]
    public async Task TwoRecordsAreNone()
    {
        await using var server = await DnsServer.StartAsync("txt-record=news.example.com,v=spf1 -all", "txt-record=news.example.com,v=spf1 mx -all");

        var found = Assert.Single(await new SpfCheck(new DnsRecords(server.EndPoint), ["news.example.com"], []).RunAsync(default));

        Assert.Equal(FindingLevel.Error, found.Level);
        Assert.Contains("has 2 SPF records", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatDoesNotAnswerIsNoMissingRecord()
    {
        // Nobody listens there.
        var dns = new DnsRecords(new IPEndPoint(IPAddress.Loopback, 9));

        var found = Assert.Single(await new SpfCheck(dns, ["news.example.com"], []).RunAsync(default));

        Assert.Equal(FindingLevel.Warning, found.Level);
        Assert.Contains("no DNS server answered", found.Message, StringComparison.Ordinal);
    }
}
