using System.Text.Json.Nodes;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Commands;

[Trait("Category", "Dnsmasq")]
public sealed class DoctorCommandTests : CommandTest
{
    [Fact]
    public async Task AnInstallationThatIsWellIsToldSo()
    {
        await using var inbox = new InboxServer(new InboxOptions { Port = 0 });
        await inbox.StartAsync(default);
        await using var server = await ServerUnderTest.StartAsync();
        await ConfigureAsync(inbox.Port, server.Client.BaseAddress!);
        await Run("keys", "dkim", "create", "example.com", "--selector", "one");
        await Run("keys", "dkim", "activate", "example.com", "one");
        var record = (await Run("keys", "dkim", "list", "--json")).Output;
        var text = (string)JsonNode.Parse(record)![0]!["record"]!;
        await Some.NewsletterAsync(Database);
        await Some.NewsletterAsync(server.Database);
        await using var dns = await DnsServer.StartAsync(
            "txt-record=bounces.example.com,v=spf1 ip4:192.0.2.1 -all",
            "txt-record=_dmarc.example.com,v=DMARC1; p=reject; rua=mailto:dmarc@example.com",
            $"txt-record=one._domainkey.example.com,{text[..200]},{text[200..]}",
            "mx-host=bounces.example.com,mail.example.com,10", "host-record=mail.example.com,192.0.2.1");
        await WriteAsync("copy.json", """{ "Links": { "Keys": { "k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } } }""");
        Assert.Equal(0, (await Run("keys", "verify-backup", In("copy.json"))).Code);

        var said = await Run("doctor", "--json", "--name-server", dns.EndPoint.ToString());

        var findings = JsonNode.Parse(said.Output)!["findings"]!.AsArray();
        // The cluster of the tests is made to forget; of all else nothing is wrong.
        Assert.All(findings.Where(found => (string?)found!["level"] == "error"), found => Assert.Equal("postgres", (string?)found!["check"]));
        foreach (var check in new[] { "spf", "dkim", "dmarc", "bounce-mx", "relay", "tls", "helo", "one-click", "clock", "disk", "queue", "keys" })
            Assert.True(findings.Any(found => (string?)found!["check"] == check && (string?)found["level"] is "ok" or "note"), $"{check} in {said.Output}");
        // It listens on loopback only.
        Assert.Equal("warning", (string?)findings.Single(found => (string?)found!["check"] == "public-url")!["level"]);
    }

    [Fact]
    public async Task WhatIsWrongIsToldWithWhatToDo()
    {
        await ConfigureAsync(port: 9, new Uri("http://127.0.0.1:9/"));
        await Some.NewsletterAsync(Database);
        await Database.ExecuteAsync("insert into outbox (kind, address, model, nonce, next_at) values ('confirm', 'ana@example.com', '{}', 'x', now() - interval '3 hours')");
        await using var dns = await DnsServer.StartAsync();

        var said = await Run("doctor", "--name-server", dns.EndPoint.ToString());

        Assert.Equal(1, said.Code);
        foreach (var words in new[]
        {
            "ERROR   spf         bounces.example.com: There is no SPF record",
            "bounces.example.com. IN TXT \"v=spf1 ip4:ADDRESS-YOUR-RELAY-SENDS-FROM ~all\"",
            "ERROR   dkim        example.com: Mail from this domain isn't signed",
            "newsletter keys dkim create example.com",
            "ERROR   dmarc       example.com: There is no DMARC record",
            "ERROR   bounce-mx   bounces.example.com: It has neither",
            "ERROR   relay       main: Could not connect to the relay main",
            "ERROR   public-url  http://127.0.0.1:9/: It can't be reached from here",
            "ERROR   queue       1 mail to one person (confirmations, for instance) wait; the oldest has been due for 3 h",
            "warn    keys        k1: No copy of this key has been shown.",
            "newsletter keys verify-backup",
        })
            Assert.Contains(words, said.Output, StringComparison.Ordinal);
        Assert.Matches("\n[0-9]+ errors, [0-9]+ warnings?\\. Each says what to do", said.Output);
    }

    [Fact]
    public async Task ACopyOfTheKeysIsComparedAndRemembered()
    {
        foreach (var (copy, words) in new[]
        {
            ("""{ "Links": { "Keys": { "k1": "BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } } }""", "lacks the key k1, or has others under the name"),
            ("""{ "Keys": {} }""", "There are no keys in it"),
            ("""{ "Keys": { "k1": """, "no whole JSON"),
            ("""[]""", "no whole JSON"),
            ("""{ "Keys": { "k1": "c2hvcnQ=" } }""", "is not base64 of at least 32 bytes"),
        })
        {
            var refused = await Run("keys", "verify-backup", await WriteAsync("copy.json", copy));
            Assert.Equal(1, refused.Code);
            Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(1, (await Run("keys", "verify-backup", In("nowhere.json"))).Code);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from key_backups"));
        var whole = await Run("keys", "verify-backup", await WriteAsync("copy.json", """{ "ActiveKey": "k1", "Keys": { "k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } }"""));
        Assert.Equal((0, "The copy holds k1, as in use. Keep it where this machine's disk is not.\n"), (whole.Code, whole.Output));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from key_backups"));
    }

    [Theory]
    [InlineData("somewhere")]
    [InlineData("127.0.0.1:dns")]
    public async Task ANameServerIsAnAddress(string server)
    {
        var said = await Run("doctor", "--name-server", server);

        Assert.Equal(1, said.Code);
        Assert.Contains("--name-server takes an IP address", said.Error, StringComparison.Ordinal);
    }

    private Task ConfigureAsync(int port, Uri publicUrl) => WriteAsync("settings.json", $$"""
        {
          "ConnectionStrings": { "Newsletter": "{{Database.ConnectionString}}" },
          "PublicUrl": "{{publicUrl}}",
          "DataFolder": "{{Path.GetTempPath()}}",
          "Delivery": { "BounceAddress": "bounce@bounces.example.com", "Relays": [ { "Name": "main", "Host": "127.0.0.1", "Port": {{port}}, "Security": "None" } ] },
          "Links": { "Keys": { "k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } }
        }
        """);
}
