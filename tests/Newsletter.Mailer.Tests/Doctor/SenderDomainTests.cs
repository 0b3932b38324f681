using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Doctor;

[Trait("Category", "Dnsmasq")]
public sealed class SenderDomainTests : DatabaseTest
{
    private static readonly string[] s_sender = ["news.example.com"];

    private DkimKeyStore Keys => new(DataSource, KeyRing.Generate());

    [Fact]
    public async Task WithoutAKeyNothingIsSigned()
    {
        await using var server = await DnsServer.StartAsync();

        var found = Assert.Single(await DkimAsync(server));
        Assert.Equal((FindingLevel.Error, "newsletter keys dkim create news.example.com"), (found.Level, found.Remedy));

        await Keys.CreateAsync("example.com", "one", "rsa", default);
        var both = await DkimAsync(server);
        Assert.Equal(["newsletter keys dkim activate example.com one", (await Keys.ListAsync(default))[0].ToZoneLine()], both.Select(finding => finding.Remedy));
        Assert.Equal([FindingLevel.Error, FindingLevel.Note], both.Select(finding => finding.Level));
    }

    [Theory]
    [InlineData("{ours}", FindingLevel.Ok, "is published, and is ours")]
    [InlineData("{spaced}", FindingLevel.Ok, "is published, and is ours")]
    [InlineData(null, FindingLevel.Error, "isn't published: every signature fails")]
    [InlineData("v=DKIM1; k=rsa; p=MIIBIjANBg", FindingLevel.Error, "holds another key")]
    [InlineData("v=DKIM1; k=rsa; p=", FindingLevel.Error, "revoked")]
    [InlineData("v=DKIM1; k=ed25519; p=AAAA", FindingLevel.Error, "another algorithm")]
    [InlineData("hello", FindingLevel.Error, "is no DKIM record")]
    public async Task ThePublishedRecordIsComparedWithOurs(string? record, FindingLevel level, string message)
    {
        var key = (await Keys.CreateAsync("example.com", "one", "ed25519", default))!;
        var rsa = (await Keys.CreateAsync("example.com", "two", "rsa", default))!;
        await Keys.ActivateAsync("example.com", "two", default);
        await Keys.RetireAsync("example.com", "one", default);
        await Database.ExecuteAsync("update dkim_keys set retired_at = now() - interval '8 days' where selector = 'one'");
        var published = record?.Replace("{ours}", rsa.Record, StringComparison.Ordinal).Replace("{spaced}", rsa.Record.Replace("p=MII", "p=M I\tI", StringComparison.Ordinal), StringComparison.Ordinal);
        await using var server = await DnsServer.StartAsync(published is null ? [] : [$"txt-record=two._domainkey.example.com,{string.Join(',', published.Chunk(200).Select(piece => new string(piece)))}"]);

        var found = Assert.Single(await DkimAsync(server));

        Assert.Equal((level, "example.com two"), (found.Level, found.About));
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
        Assert.Equal(level == FindingLevel.Ok ? null : rsa.ToZoneLine(), found.Remedy);
        Assert.NotEqual(key.PublicKey, rsa.PublicKey);
    }

    [Theory]
    [InlineData("txt-record=_dmarc.news.example.com,v=DMARC1; p=reject; rua=mailto:a@example.com", true, null, FindingLevel.Ok, "p=reject, aligned by signature and envelope")]
    [InlineData("txt-record=_dmarc.example.com,v=DMARC1; p=quarantine; rua=mailto:a@example.com", true, "bounces.example.com", FindingLevel.Ok, "from example.com, aligned by signature and envelope")]
    [InlineData("txt-record=_dmarc.example.com,v=DMARC1; p=none", true, null, FindingLevel.Note, "nobody gets its reports")]
    [InlineData("txt-record=_dmarc.example.com,v=DMARC1; p=none; rua=mailto:a@example.com", false, null, FindingLevel.Warning, "Only SPF is aligned")]
    [InlineData("txt-record=_dmarc.example.com,v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:a@example.com", true, "example.net", FindingLevel.Error, "receivers do that to every message")]
    [InlineData("txt-record=_dmarc.news.example.com,v=DMARC1; rua=mailto:a@example.com", true, null, FindingLevel.Error, "can't be understood")]
    [InlineData("txt-record=_dmarc.com,v=DMARC1; p=none", true, null, FindingLevel.Error, "There is no DMARC record")]
    public async Task DmarcIsFoundAndAlignmentJudged(string record, bool signs, string? bounceDomain, FindingLevel level, string message)
    {
        if (signs)
        {
            await Keys.CreateAsync("example.com", "one", "rsa", default);
            await Keys.ActivateAsync("example.com", "one", default);
        }

        await using var server = await DnsServer.StartAsync(record);

        var found = Assert.Single(await new DmarcCheck(new DnsRecords(server.EndPoint), await Keys.ListAsync(default), s_sender, bounceDomain).RunAsync(default));

        Assert.Equal(level, found.Level);
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mx-host=bounces.example.com,mail.example.com,10", FindingLevel.Ok, "goes to mail.example.com")]
    [InlineData("host-record=bounces.example.com,192.0.2.5", FindingLevel.Warning, "has no MX record")]
    [InlineData("mx-host=bounces.example.com,gone.example.com,10", FindingLevel.Error, "have no address")]
    [InlineData("mx-host=bounces.example.com,.,0", FindingLevel.Error, "takes no mail")]
    [InlineData("host-record=other.example.com,192.0.2.5", FindingLevel.Error, "neither a mail exchanger nor an address")]
    public async Task MailThatComesBackMustArrive(string record, FindingLevel level, string message)
    {
        await using var server = await DnsServer.StartAsync(record, "host-record=mail.example.com,192.0.2.9");

        var found = Assert.Single(await new BounceDomainCheck(new DnsRecords(server.EndPoint), ["bounces.example.com"], hasBounceAddress: true).RunAsync(default));

        Assert.Equal(level, found.Level);
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<Finding>> DkimAsync(DnsServer server) =>
        await new DkimCheck(new DnsRecords(server.EndPoint), await Keys.ListAsync(default), s_sender, TimeProvider.System).RunAsync(default);
}
