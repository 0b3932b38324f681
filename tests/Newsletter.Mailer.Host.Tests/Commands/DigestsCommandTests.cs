using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class DigestsCommandTests : CommandTest
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address, postal_address) values ('tea', 'Tea', 'tea@example.com', '1 Street');
            insert into digests (newsletter_id, month, outcome) values (1, '2026-01-01', 'no_readers'), (1, '2026-02-01', 'off'), (1, '2026-03-01', 'made');
            """);
    }

    [Fact]
    public async Task WhatBecameOfEachMonthIsListed()
    {
        var plain = await Run("digests", "list");
        var json = JsonNode.Parse((await Run("digests", "list", "--newsletter", "tea", "--json")).Output)!.AsArray();

        Assert.Equal(["2026-03 tea: made; its draft was deleted", "2026-02 tea: none, switched off", "2026-01 tea: none, nobody had chosen it"], plain.Output.TrimEnd().Split(Environment.NewLine));
        Assert.Equal(["made", "off", "no_readers"], json.Select(month => (string?)month!["outcome"]));
        Assert.Contains("no newsletter 'milk'", (await Run("digests", "list", "--newsletter", "milk")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheNextIsToldPreviewedAndSwitchedOff()
    {
        Assert.Contains("Nothing has gone out", (await Run("digests", "preview", "--newsletter", "tea")).Error, StringComparison.Ordinal);
        await Database.ExecuteAsync("""
            with e as (insert into editions (newsletter_id, number, slug, title, subject, source, state) values (1, 35, 'high', 'High water', 's', '', 'published') returning id)
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce, frozen_at)
            select id, 1, 202601, 'finished', 'k1', now(), 'x@example.com', now() from e
            """);

        var next = await Run("digests", "next", "--newsletter", "tea");
        Assert.Contains(" UTC, for 0 readers.", next.Output, StringComparison.Ordinal);
        Assert.Contains("#35 High water", next.Output, StringComparison.Ordinal);
        Assert.Contains("http://localhost:8080/n/tea/archive/high", (await Run("digests", "preview", "--newsletter", "tea", "--format", "text")).Output, StringComparison.Ordinal);

        Assert.Equal(0, (await Run("digests", "off", "--newsletter", "tea")).Code);
        Assert.Contains("switched off", (await Run("digests", "next", "--newsletter", "tea")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("digests", "on", "--newsletter", "tea")).Code);
        Assert.True(await Database.ScalarAsync<bool>("select digests from newsletters"));
    }
}
