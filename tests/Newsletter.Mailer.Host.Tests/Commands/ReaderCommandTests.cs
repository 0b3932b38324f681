using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class ReaderCommandTests : CommandTest
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Database.ExecuteAsync("insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com')");
    }

    [Fact]
    public async Task AFileOfReadersIsImportedAndItsWrongRowsAreTold()
    {
        var file = await WriteAsync("readers.csv", "email,name\nana@example.com,Ana\nnobody,\nana@example.com,Ana B\n");

        var plain = await Run("subscribers", "import", file, "--newsletter", "tea");
        var again = await Run("subscribers", "import", file, "--newsletter", "tea", "--json");

        Assert.Equal(0, plain.Code);
        Assert.StartsWith("3 rows: 1 new readers", plain.Output, StringComparison.Ordinal);
        Assert.Contains("line 3, email: ", plain.Error, StringComparison.Ordinal);
        var import = JsonNode.Parse(again.Output)!;
        Assert.Equal((0, 1, 1), ((int)import["created"]!, (int)import["unchanged"]!, (int)import["already_subscribed"]!));
        Assert.Equal(1, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task WhatCantBeImportedIsTold()
    {
        var junk = await WriteAsync("junk.csv", "\u0001\u0002\u0003");

        Assert.Contains("There is no file", (await Run("subscribers", "import", In("nothing.csv"), "--newsletter", "tea")).Error, StringComparison.Ordinal);
        Assert.Contains("no newsletter", (await Run("subscribers", "import", junk, "--newsletter", "milk")).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await Run("subscribers", "import", junk, "--newsletter", "tea")).Code);
        Assert.Contains("--newsletter", (await Run("subscribers", "import", junk)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadersAreExportedToAFileOrToStandardOutputAndComeInAgain()
    {
        await Run("subscribers", "import", await WriteAsync("readers.csv", "email,name,city\nana@example.com,Ana,Bath\nbo@example.com,=Bo,\ncy@example.com,Cy,Bath\n"), "--newsletter", "tea");
        await Database.ExecuteAsync("""
            update subscriptions set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = 'api' where subscriber_id = (select id from subscribers where name = 'Cy');
            insert into segments (newsletter_id, slug, name, filter) values (1, 'bath', 'Bath', 'attributes.city = "Bath"');
            """);

        var all = await Run("subscribers", "export", "--newsletter", "tea", "--output", In("all.csv"));
        await using var program = ProgramProcess.Start(In("."), "subscribers", "export", "--newsletter", "tea", "--segment", "bath", "--status", "active", "--config", In("settings.json"));
        var some = await program.EndAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((0, "", "3 readers exported."), (all.Code, all.Output, all.Error.TrimEnd()));
        var lines = (await File.ReadAllTextAsync(In("all.csv"))).TrimEnd().Split("\r\n");
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("bo@example.com,\"'=Bo\",active,free,", lines[2], StringComparison.Ordinal);
        Assert.Equal((0, "1 readers exported."), (some.Code, some.Error.Trim()));
        Assert.Equal("ana@example.com,Ana,active,free,", some.Output.TrimEnd().Split("\r\n")[1][..32]);

        await Database.ExecuteAsync("delete from subscribers");
        Assert.Equal(0, (await Run("subscribers", "import", In("all.csv"), "--newsletter", "tea")).Code);
        Assert.Equal("=Bo active", await Database.ScalarAsync<string>("select b.name || ' ' || s.status from subscribers b join subscriptions s on s.subscriber_id = b.id where b.address = 'bo@example.com'"));
        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select s.status from subscribers b join subscriptions s on s.subscriber_id = b.id where b.address = 'cy@example.com'"));
    }

    [Fact]
    public async Task WhatCantBeExportedIsToldAndNoFileIsTouched()
    {
        var kept = await WriteAsync("kept.csv", "kept");
        foreach (var (args, says) in new (string[], string)[]
        {
            (["--newsletter", "milk", "--output", kept], "newsletter: "),
            (["--newsletter", "tea", "--segment", "none", "--output", kept], "segment: "),
            (["--newsletter", "tea", "--status", "asleep", "--output", kept], "status: "),
            (["--newsletter", "tea", "--output", In("nowhere/readers.csv")], "nowhere"),
            (["--output", kept], "--newsletter"),
        })
        {
            var said = await Run(["subscribers", "export", .. args]);
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(says, said.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        }

        Assert.Equal("kept", await File.ReadAllTextAsync(kept));
    }

    [Fact]
    public async Task WhyTellsOfReadersAndStrangers()
    {
        await Run("subscribers", "import", await WriteAsync("readers.csv", "email\nana@example.com\n"), "--newsletter", "tea");
        await Database.ExecuteAsync("""
            insert into editions (newsletter_id, number, slug, title, subject, source, state) values (1, 35, 'x', 'X', 'X', '', 'published');
            create table deliveries_one partition of deliveries for values in (1);
            insert into issues (edition_id, newsletter_id, part_key, state, audience, link_key, sent_date, nonce, frozen_at) values (1, 1, 1, 'sending', 1, 'k1', now(), 'n', now());
            insert into deliveries (part_key, issue_id, seq, subscriber_id) values (1, 1, 1, 1);
            """);

        Assert.StartsWith("Not yet", (await Run("why", "1", "Ana@example.com")).Output, StringComparison.Ordinal);
        Assert.StartsWith("Not yet", (await Run("why", "#35", "ana@example.com")).Output, StringComparison.Ordinal);
        Assert.StartsWith("Not yet", (await Run("why", "35", "ana@example.com", "--newsletter", "tea")).Output, StringComparison.Ordinal);
        Assert.Equal("pending", (string?)JsonNode.Parse((await Run("why", "1", "ana@example.com", "--json")).Output)!["delivery"]!["status"]);
        Assert.Contains("nobody here has this address", (await Run("why", "1", "bo@example.com")).Output, StringComparison.Ordinal);

        foreach (var (args, says) in new (string[], string)[]
        {
            (["1", "nobody"], "@"),
            (["one", "ana@example.com"], "neither"),
            (["2", "ana@example.com"], "no issue 2"),
            (["36", "ana@example.com", "--newsletter", "tea"], "edition 36 of tea"),
            (["99999999999", "ana@example.com", "--newsletter", "tea"], "edition 99999999999"),
        })
        {
            var said = await Run(["why", .. args]);
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(says, said.Error, StringComparison.Ordinal);
        }
    }
}
