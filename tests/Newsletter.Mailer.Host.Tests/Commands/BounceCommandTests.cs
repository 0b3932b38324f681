using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class BounceCommandTests : CommandTest
{
    private const string Bounce = """
        From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
        Subject: failure notice

        Hi. This is the qmail-send program at mx.example.org.

        <reader@example.net>:
        Remote host said: 550 5.1.1 no such user (in reply to RCPT TO command)

        <other@example.net>:
        Remote host said: 552 5.2.2 mailbox full

        --- Below this line is a copy of the message.

        Message-ID: <issue-35.1@example.com>
        From: news@example.com
        To: reader@example.net
        Subject: Issue 35

        """;

    [Fact]
    public async Task ABounceIsOneObjectARecipientInItsOrder()
    {
        var said = await RunBare("bounces", "read", await WriteAsync("a.eml", Bounce), "--json");

        Assert.Equal((0, ""), (said.Code, said.Error));
        var objects = said.Output.Trim().Split('\n').Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        Assert.Equal(["file", "kind", "status", "reply_code", "reason", "recipient", "message_id"], objects[0].Select(member => member.Key));
        Assert.Equal(
            ["a.eml hard 5.1.1 550 userunknown reader@example.net issue-35.1@example.com", "a.eml soft 5.2.2 552 mailboxfull other@example.net issue-35.1@example.com"],
            objects.Select(read => string.Join(' ', read.Select(member => (string?)member.Value))));
    }

    [Fact]
    public async Task AFolderIsReadByNameAndWhatIsNoBounceIsToldOnStandardError()
    {
        Directory.CreateDirectory(In("mail"));
        await WriteAsync("mail/2.eml", Bounce);
        await WriteAsync("mail/1.eml", "From: reader@example.net\nSubject: Re: Issue 35\n\nThanks!\n");
        await WriteAsync("mail/3.eml", Bounce);

        var said = await RunBare("bounces", "read", In("mail"));

        Assert.Equal(0, said.Code);
        Assert.Equal(["2.eml", "2.eml", "3.eml", "3.eml"], said.Output.Trim().Split('\n').Select(line => line.Split(':')[0]));
        Assert.StartsWith("1.eml: ", Assert.Single(said.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNoFileIsTold() =>
        Assert.Contains("There is no file or folder", (await RunBare("bounces", "read", In("nothing"))).Error, StringComparison.Ordinal);
}
