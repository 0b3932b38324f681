using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class DkimCommandTests : CommandTest
{
    [Fact]
    public async Task AKeyIsMadePublishedActivatedAndFollowedByAnother()
    {
        var made = await Run("keys", "dkim", "create", "News.Example.com", "--selector", "one");
        Assert.Equal(0, made.Code);
        Assert.StartsWith("one._domainkey.news.example.com. IN TXT \"v=DKIM1; k=rsa; p=MII", made.Output, StringComparison.Ordinal);
        Assert.All(made.Output.Split('"').Where((_, at) => at % 2 == 1), piece => Assert.True(piece.Length <= 255));
        Assert.Contains("newsletter keys dkim activate news.example.com one", made.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await Run("keys", "dkim", "activate", "news.example.com", "one")).Code);
        var second = JsonNode.Parse((await Run("keys", "dkim", "create", "news.example.com", "--json")).Output)!;
        Assert.Matches("^r[0-9]{6}$", (string?)second["selector"]);
        Assert.Null(second["private_key"]);
        Assert.Equal(0, (await Run("keys", "dkim", "activate", "news.example.com", (string)second["selector"]!)).Code);

        var list = (await Run("keys", "dkim", "list")).Output.Trim().Split('\n');
        Assert.Matches("^news\\.example\\.com one rsa retired, record needed until [0-9-]{10}$", list[0]);
        Assert.EndsWith(" rsa active", list[1], StringComparison.Ordinal);
        Assert.Contains("record published until", (await Run("keys", "dkim", "retire", "news.example.com", (string)second["selector"]!)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCantBeDoneIsTold()
    {
        await Run("keys", "dkim", "create", "example.com", "--selector", "one");

        foreach (var (said, words) in new[]
        {
            (await Run("keys", "dkim", "create", "example.com", "--selector", "one"), "has a key of the selector 'one' already"),
            (await Run("keys", "dkim", "create", "no domain"), "is no domain"),
            (await Run("keys", "dkim", "create", "example.com", "--selector", "Ä"), "--selector takes"),
            (await Run("keys", "dkim", "create", "example.com", "--algorithm", "dsa"), "dsa"),
            (await Run("keys", "dkim", "activate", "example.com", "two"), "no key waits there"),
            (await Run("keys", "dkim", "retire", "example.com", "two"), "no key signs or waits there"),
        })
        {
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(words, said.Error, StringComparison.Ordinal);
        }
    }
}
