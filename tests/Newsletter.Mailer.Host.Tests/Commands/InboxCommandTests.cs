using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class InboxCommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-inbox-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ItSaysItsPortRecordsWhatItTakesAndStopsWhenAsked()
    {
        var record = Path.Combine(_folder, "record.jsonl");
        await using var inbox = ProgramProcess.Start(_folder, "inbox", "--record", record, "--faults", await WriteAsync("at rcpt to bo@* reply 550 5.1.1 No such user"), "--json");
        var ready = JsonNode.Parse((await inbox.ReadLineAsync(Patience))!)!;
        using (var client = await ConnectAsync((int)ready["port"]!, SecureSocketOptions.None))
        {
            await client.SendAsync(Message("ana@example.com"));
            await Assert.ThrowsAsync<SmtpCommandException>(() => client.SendAsync(Message("bo@example.org")));
            await client.SendAsync(Message("cy@example.net"));

            Assert.Equal(["ana@example.com", "cy@example.net"], (await File.ReadAllLinesAsync(record)).Select(line => (string?)JsonNode.Parse(line)!["recipient"]));
        }

        await inbox.StopAsync();
        var said = await inbox.EndAsync(Patience);

        Assert.Equal((0, "127.0.0.1"), (said.Code, (string?)ready["host"]));
        var totals = JsonNode.Parse(said.Output)!;
        Assert.Equal((2, 2, 1, 1), ((int)totals["messages"]!, (int)totals["recipients"]!, (int)totals["connections"]!, (int)totals["faults"]![0]!["times"]!));
        Assert.Equal("at rcpt to bo@* reply 550 5.1.1 No such user", (string?)totals["faults"]![0]!["rule"]);
        Assert.Contains("1 × at rcpt", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItLacksWhatItIsToldToLackAndAsksForTlsAndLogin()
    {
        await using var inbox = ProgramProcess.Start(_folder, "inbox", "--tls", "starttls", "--login", "news:secret:word", "--without", "pipelining", "chunking", "--max-bytes", "5000");
        var port = (int)JsonNode.Parse((await inbox.ReadLineAsync(Patience))!)!["port"]!;
        using var client = await ConnectAsync(port, SecureSocketOptions.StartTls);

        Assert.False(client.Capabilities.HasFlag(SmtpCapabilities.Pipelining) || client.Capabilities.HasFlag(SmtpCapabilities.Chunking));
        Assert.Equal(5000u, client.MaxSize);
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync("news", "wrong"));
        await client.AuthenticateAsync("news", "secret:word");
        await client.SendAsync(Message("ana@example.com"));

        await inbox.StopAsync();
        var said = await inbox.EndAsync(Patience);
        Assert.Equal((0, ""), (said.Code, said.Output));
        Assert.Contains("1 messages to 1 recipients", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARecordThatCantBeWrittenEndsIt()
    {
        await using var inbox = ProgramProcess.Start(_folder, "inbox", "--record", "/dev/full");
        var port = (int)JsonNode.Parse((await inbox.ReadLineAsync(Patience))!)!["port"]!;
        using var client = await ConnectAsync(port, SecureSocketOptions.None);

        await Assert.ThrowsAnyAsync<Exception>(() => client.SendAsync(Message("ana@example.com")));
        var said = await inbox.EndAsync(Patience);
        Assert.Equal(1, said.Code);
        Assert.Contains("/dev/full can't be written", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCantBeIsToldInASentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var wrong = await WriteAsync("at rcpt drop\nat rcpt explode\n");

        foreach (var (args, says) in new (string[], string)[]
        {
            (["--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}"], "name another with --port"),
            (["--port", "70000"], "--port must be from 0 to 65535"),
            (["--port", "many"], "whole number"),
            (["--max-bytes", "0"], "--max-bytes must be from 1"),
            (["--login", "news"], "USER:PASSWORD"),
            (["--login", "news:"], "USER:PASSWORD"),
            (["--tls", "some"], "none"),
            (["--without", "wings"], "pipelining"),
            (["--faults", "grey"], "Scenarios: none, greylisting"),
            (["--faults", _folder], "is a folder"),
            (["--faults", wrong], $"{wrong}:2:9: error: Expected a condition"),
            (["--record", Path.Combine(_folder, "no", "record")], "no/record"),
        })
        {
            var said = await CommandTest.RunBare(["inbox", .. args]);

            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(says, said.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task FaultsAreListedPrintedAndChecked()
    {
        var list = await CommandTest.RunBare("faults");
        var scenario = await CommandTest.RunBare("faults", "greylisting");
        var own = await CommandTest.RunBare("faults", await WriteAsync("# Mine.\nat  rcpt delay 2s\n"));
        var wrong = await CommandTest.RunBare("faults", await WriteAsync("at rcpt\n"));

        Assert.Equal((0, 0, 0, 1), (list.Code, scenario.Code, own.Code, wrong.Code));
        Assert.Contains("  unknown-users ", list.Output, StringComparison.Ordinal);
        Assert.Contains("at MOMENT [conditions]", list.Output, StringComparison.Ordinal);
        Assert.Contains("reply 450 4.2.1 Greylisted", scenario.Output, StringComparison.Ordinal);
        Assert.Equal("at rcpt wait 2s answer\n", own.Output);
        Assert.Contains(":1:8: error: ", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(scenario.Output, (await CommandTest.RunBare("faults", "Greylisting")).Output);
    }

    private async Task<string> WriteAsync(string text)
    {
        var path = Path.Combine(_folder, "script.faults");
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private static async Task<SmtpClient> ConnectAsync(int port, SecureSocketOptions security)
    {
#pragma warning disable CA5359 // The certificate is made up at the start and nobody's.
        var client = new SmtpClient { ServerCertificateValidationCallback = (_, _, _, _) => true, CheckCertificateRevocation = false };
#pragma warning restore CA5359
        await client.ConnectAsync("127.0.0.1", port, security);
        return client;
    }

    private static MimeMessage Message(string to) => new([new MailboxAddress("News", "news@example.com")], [new MailboxAddress("", to)], "Hello", new TextPart("plain") { Text = "Text" });
}
