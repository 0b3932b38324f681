using System.Text.Json.Nodes;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class EditionCommandTests : CommandTest
{
    private const string Good = "---\nnewsletter: tea\ntitle: Hello\n---\n\nHi {{ subscriber.first_name | default: \"friend\" }}!\n";

    [Theory]
    [InlineData("html", "<html")]
    [InlineData("text", "Hi Ana!")]
    [InlineData("mime", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")]
    public async Task APreviewNeedsNothingButTheFile(string format, string shows)
    {
        var said = await RunBare("editions", "preview", await WriteAsync("e.md", Good), "--format", format, "--as", """{"first_name":"Ana"}""");

        Assert.Equal(0, said.Code);
        Assert.Contains(shows, said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsWrongIsToldByFileLineAndColumn()
    {
        var file = await WriteAsync("e.md", "---\ntitle: Hello\n---\n\nHi {{ subscriber.frist_name | x");

        var said = await RunBare("editions", "preview", file);

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.Contains($"{file}:5:4: error: ", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherToolsFrontMatterIsPassedOver()
    {
        var file = await WriteAsync("e.md", "---\nlayout: post\nzoom: 11\n---\n\nHello.\n");

        Assert.Equal(1, (await RunBare("editions", "preview", file)).Code);
        Assert.Contains("Hello.", (await RunBare("editions", "preview", file, "--body-only", "--format", "text")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNoFileOrNoTextIsTold()
    {
        Assert.Contains("There is no file", (await RunBare("editions", "preview", In("nothing.md"))).Error, StringComparison.Ordinal);
        Assert.Contains("is a folder", (await RunBare("editions", "preview", In(""))).Error, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(In("binary.md"), [0x68, 0xFF, 0x00]);
        Assert.Contains("position 1", (await RunBare("editions", "preview", In("binary.md"))).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await RunBare("editions", "preview", await WriteAsync("e.md", Good), "--as", "Ana")).Code);
    }

    [SharedFact]
    [Trait("Category", "Shared")]
    public async Task TheWeeklyEditionIsPreviewed()
    {
        var said = await RunBare("editions", "preview", SharedFolder.Of("samples", "edition-035.md"), "--format", "text");

        Assert.Equal(0, said.Code);
        Assert.Contains("Welcome to edition #35", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileIsSentNowOrAtATime()
    {
        await MakeNewsletter();
        var file = await WriteAsync("e.md", Good);
        var now = await Run("editions", "send", file);
        var later = await Run("editions", "send", await WriteAsync("f.md", Good.Replace("Hello", "Later", StringComparison.Ordinal)), "--at", "2031-03-30T02:30", "--zone", "Europe/Berlin");
        var slot = await Run("editions", "send", await WriteAsync("g.md", Good.Replace("Hello", "Slot", StringComparison.Ordinal)), "--slot", "next", "--json");

        Assert.Equal((0, "Edition 1 of tea (id 1) goes out now."), (now.Code, now.Output.Trim()));
        Assert.Contains("No server or worker is running", now.Error, StringComparison.Ordinal);
        Assert.Equal("Edition 2 of tea (id 2) goes out on 2031-03-30 at 03:30 Europe/Berlin.", later.Output.Trim());
        Assert.Contains("does not exist", later.Error, StringComparison.Ordinal);
        Assert.Equal(("scheduled", "Etc/UTC"), ((string?)JsonNode.Parse(slot.Output)!["state"], (string?)JsonNode.Parse(slot.Output)!["schedule"]!["zone"]));
        Assert.Equal(3, await Database.ScalarAsync<long>("select count(*) from hangfire.job where invocationdata::text like '%PublishEditionJob%'"));
    }

    [Fact]
    public async Task WhatCantBeSentIsNotKept()
    {
        await MakeNewsletter();
        var file = await WriteAsync("e.md", Good);

        foreach (var (args, says) in new (string[], string)[]
        {
            (["--at", "2020-01-01T08:00"], "past"),
            (["--at", "2031-01-01T08:00", "--zone", "Mars/Olympus"], "Mars/Olympus"),
            (["--newsletter", "milk"], "milk"),
            (["--slot", "next", "--at", "2031-01-01T08:00"], "--slot stands alone"),
            (["--zone", "Etc/UTC"], "--zone needs --at"),
        })
        {
            var said = await Run(["editions", "send", file, .. args]);
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(says, said.Error, StringComparison.Ordinal);
        }

        var template = await Run("editions", "send", await WriteAsync("t.md", Good.Replace("first_name", "frist_name", StringComparison.Ordinal)));
        Assert.Contains("Line 6", template.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from editions"));
    }

    private Task<int> MakeNewsletter() =>
        Database.ExecuteAsync("insert into newsletters (slug, name, from_address, postal_address, cadence) values ('tea', 'Tea', 'tea@example.com', '1 Street', 'fridays 08:00')");
}
