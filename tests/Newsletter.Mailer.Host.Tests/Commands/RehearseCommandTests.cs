using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>Rehearsals as an operator starts them: a process, a private PostgreSQL, the senders and the inbox.</summary>
public sealed class RehearseCommandTests : CommandTest
{
    private const string Edition = "---\nnewsletter: tea\ntitle: Hello\n---\n\nHi {{ subscriber.first_name | default: \"friend\" }} of {{ subscriber.attributes.team | default: \"none\" }}!\n";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-rehearsal-").FullName;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        // PostgreSQL runs as another account where the tests are root, and must come through to its own folder.
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task GreylistingCostsTimeAndNobodyIsLost()
    {
        var said = await RehearseAsync("--subscribers", "200", "--faults", "greylisting", "--audience", "100000", "--json");

        var found = Found(said);
        Assert.True((bool)found["passed"]!, said.Output + said.Error);
        Assert.Equal(0, said.Code);
        Assert.Equal((0, 0, 0), ((int)found["lost"]!, (int)found["duplicates"]!, (int)found["mailed_although_left_out"]!));
        var receipt = found["receipt"]!;
        // Two of the made-up readers are suppressed, and two had left before the freeze.
        Assert.Equal(("finished", 198, 196), ((string?)receipt["state"], (int)receipt["audience"]!, (int)receipt["accepted"]!));
        Assert.Equal((196, 196), ((int)receipt["inbox"]!["messages"]!, (int)receipt["inbox"]!["recipients"]!));
        var fault = Assert.Single(found["faults"]!.AsArray())!;
        Assert.Equal("450", (string?)fault["what"]);
        Assert.InRange((int)fault["times"]!, 30, 110);
        Assert.Equal((int)fault["times"]!, (int)found["put_off"]!);
        Assert.Equal(100_000, (int)found["expected"]!["audience"]!);
        Assert.True((double)found["expected"]!["seconds"]! > 0 && (double)found["messages_per_second"]! > 0);
        // Five minutes, and one until the sweep.
        Assert.Equal(360, (double)found["expected"]!["stragglers_seconds"]!);
        Assert.InRange((double)found["peak_memory_mb"]!, 20, 2_000);
    }

    [Fact]
    public async Task ADropAfterTheDotExplainsACopyAndTellsWhatItDid()
    {
        var script = await WriteAsync("drops.faults", "at dot after 10 every 60 keep drop\nat dot after 15 every 60 lose reset\nat rcpt to reader000020@* reply 550 5.1.1 No such user\n");

        var plain = await RehearseAsync("--subscribers", "150", "--faults", script);

        Assert.True(plain.Code == 0, plain.Output + plain.Error);
        // Lines are broken where the terminal ends.
        var output = string.Join(' ', plain.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("✓ The receipt balances and the inbox agrees with it: nobody is lost, and nobody got it twice who could have been spared.", output, StringComparison.Ordinal);
        Assert.Contains("Twice 2 copies, with the same Message-ID; the relay kept a message without saying so 2 times", output, StringComparison.Ordinal);
        Assert.Contains("│ 1 │ 550 │ at rcpt to reader000020@* reply 550 5.1.1 No such user │", output, StringComparison.Ordinal);
        Assert.Contains("--audience N tells", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARelayThatLosesWhatItAcceptedIsFoundOut()
    {
        var script = await WriteAsync("liar.faults", "at dot after 20 every 50 first 3 lose reply 250 2.0.0 Ok: trust me\n");

        var said = await RehearseAsync("--subscribers", "200", "--faults", script, "--json");

        var found = Found(said);
        Assert.Equal((1, false, 3), (said.Code, (bool)found["passed"]!, (int)found["lost"]!));
        Assert.Matches("^Lost: 3 readers whose message counts as accepted, and did not arrive \\(reader0.+, reader0.+, reader0[^,]+\\)\\.$", (string?)found["complaints"]![0]);
        Assert.Equal((196, 193), ((int)found["receipt"]!["accepted"]!, (int)found["receipt"]!["inbox"]!["messages"]!));
    }

    [Fact]
    public async Task ARefusedSenderStopsTheIssueAndIsTold()
    {
        var said = await RehearseAsync("--subscribers", "300", "--faults", "refused-sender", "--json");

        var found = Found(said);
        Assert.Equal((1, false), (said.Code, (bool)found["passed"]!));
        Assert.Contains("The issue is paused", (string?)found["complaints"]![0], StringComparison.Ordinal);
        Assert.Equal(("paused", 0), ((string?)found["receipt"]!["state"], (int)found["receipt"]!["rejected"]!));
        Assert.Equal(0, (int)found["lost"]!);
    }

    [Fact]
    public async Task TheRealAudienceIsCountedWhereADatabaseIsConfigured()
    {
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com');
            insert into subscribers (address) select 'reader' || n || '@example.com' from generate_series(1, 12) n;
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at) select 1, id, 'active', case when id <= 5 then 'premium' else 'free' end, now() from subscribers;
            """);

        var said = await RehearseEditionAsync(Edition.Replace("title:", "tier: premium\ntitle:", StringComparison.Ordinal), "--subscribers", "50", "--config", In("settings.json"), "--json");

        Assert.Equal(5, (int)Found(said)["expected"]!["audience"]!);
        // Made-up readers are of the edition's tier, or nobody would get it.
        Assert.Equal(49, (int)Found(said)["receipt"]!["audience"]!);
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from issues"));
    }

    [Fact]
    public async Task OfAnEditionForASegmentOnlyItsReadersAreExpected()
    {
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com');
            insert into segments (newsletter_id, slug, name, filter) values (1, 'early', 'Early', 'tags has "early"');
            insert into subscribers (address, tags) select 'reader' || n || '@example.com', case when n % 10 = 7 then '{early}'::text[] else '{}' end from generate_series(1, 30) n;
            insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select 1, id, 'active', now() from subscribers;
            """);

        var said = await RehearseEditionAsync(Edition.Replace("title:", "segment: early\ntitle:", StringComparison.Ordinal), "--subscribers", "50", "--config", In("settings.json"), "--json");

        Assert.Equal(3, (int)Found(said)["expected"]!["audience"]!);
        // Made-up readers are all in it.
        Assert.Equal(49, (int)Found(said)["receipt"]!["audience"]!);
    }

    [Fact]
    public async Task WhatCantBeRehearsedIsTold()
    {
        var edition = await WriteAsync("e.md", Edition);
        foreach (var (args, says) in new (string[], string)[]
        {
            ([In("nothing.md")], "There is no file"),
            ([edition, "--subscribers", "0"], "--subscribers must be from 1 to 10000000"),
            ([edition, "--hurry", "0"], "--hurry must be from 1 to 100000"),
            ([edition, "--audience", "0"], "--audience must be from 1"),
            ([edition, "--audience", "many"], "whole number"),
            ([edition, "--faults", "nonsense"], "neither a scenario nor a file"),
            ([edition, "--config", In("nowhere.json")], "nowhere.json"),
            (["-", "--faults", "-"], "Only one"),
            ([], "edition"),
        })
        {
            var said = await RunBare(["rehearse", .. args]);

            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains(says, said.Error, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnEditionThatCantBeSentIsToldByItsLine()
    {
        var said = await RehearseEditionAsync(Edition.Replace("first_name", "frist_name", StringComparison.Ordinal), "--subscribers", "20", "--json");

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.Contains("line 6", said.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AnAttributeOfAnAddressOrANameIsToldByItsLine()
    {
        var said = await RehearseEditionAsync(Edition.Replace("attributes.team", "attributes.full_name", StringComparison.Ordinal), "--subscribers", "20", "--json");

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.Contains("full_name", said.Error, StringComparison.Ordinal);
        Assert.Contains("line 6", said.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
    }

    private Task<Said> RehearseAsync(params string[] options) => RehearseEditionAsync(Edition, options);

    private async Task<Said> RehearseEditionAsync(string edition, params string[] options)
    {
        await using var rehearsal = ProgramProcess.Start(_folder, ["rehearse", await WriteAsync("edition.md", edition), .. options]);
        return await rehearsal.EndAsync(Patience);
    }

    private static JsonNode Found(Said said) =>
        JsonNode.Parse(said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., var last] ? last : throw new InvalidOperationException(said.Error))!;
}
