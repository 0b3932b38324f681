using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Filters that name a reader who is forgotten: nobody is named in their place, and whoever else is named stays.</summary>
public sealed class ForgottenFilterTests : ForgettingTest
{
    [Fact]
    public async Task FiltersThatNameTheAddressNameNobodyAnyMore()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = "ana.b+x@example.com", Newsletter = Tea }, default);
        const string Filter = "email = \"Ana.B+X@example.com\" or tags has \"beta\"";
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", Filter);
        await Database.ExecuteAsync("insert into bulk_changes (newsletter_id, filter, unsubscribe) select id, $1, false from newsletters", Filter);

        await new ErasureStore(DataSource, Keys).EraseAsync("ana.b+x@example.com", default);

        Assert.Equal(["email = \"@\" or tags has \"beta\"", "email = \"@\" or tags has \"beta\""],
            await Database.ListAsync<string>("select filter from segments union all select filter from bulk_changes"));
    }

    [Theory]
    [InlineData("email = 'ana@bücher.example'")]
    [InlineData("email = 'ANA@xn--bcher-kva.example' and tags has 'beta'")]
    [InlineData("not (email = \"Ana@BÜCHER.example\")\nor name = \"A \\\"quoted\\\" name\"")]
    public async Task HoweverAFilterWritesTheAddressItIsForgotten(string filter)
    {
        Assert.Null(SegmentFilter.TryParse(filter, out _));
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", filter);

        await new ErasureStore(DataSource, Keys).EraseAsync("ana@bücher.example", default);

        var forgotten = await Database.ScalarAsync<string>("select filter from segments");
        Assert.Equal(Regex.Replace(filter, "['\"]ana@[^'\"]*['\"]", "\"@\"", RegexOptions.IgnoreCase), forgotten);
        Assert.Null(SegmentFilter.TryParse(forgotten!, out _));
    }

    [Fact]
    public async Task TwoWhoAreForgottenAtOnceAreBothNamedNoMore()
    {
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', '' from newsletters");
        for (var n = 0; n < 20; n++)
        {
            string[] both = [$"ana{n}@example.com", $"bo{n}@example.com"];
            await Database.ExecuteAsync("update segments set filter = $1", $"email = \"{both[0]}\" or email = \"{both[1]}\"");

            await Task.WhenAll(both.Select(address => new ErasureStore(DataSource, Keys).EraseAsync(address, default)));

            Assert.Equal("email = \"@\" or email = \"@\"", await Database.ScalarAsync<string>("select filter from segments"));
        }
    }

    [Fact]
    public async Task WhatAnIssueAsksOfItsReadersNamesNobodyAnyMore()
    {
        await Database.ExecuteAsync("insert into editions (newsletter_id, number, slug, title, subject, source, state) select id, 35, 'x', 'X', 'X', '', 'published' from newsletters");
        await Database.ExecuteAsync("""
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce, segment_filter, variant_questions)
            select e.id, e.newsletter_id, 1, 'finished', 'k', now(), 'n', 'email = "Ana@example.com"', jsonb_build_array(jsonb_build_object('filter', 'email = "Ana@example.com" or email = "joana@example.com"')) from editions e
            """);

        await new ErasureStore(DataSource, Keys).EraseAsync(Ana, default);

        Assert.Equal("email = \"@\" [{\"filter\": \"email = \\\"@\\\" or email = \\\"joana@example.com\\\"\"}]", await Database.ScalarAsync<string>("select segment_filter || ' ' || variant_questions from issues"));
    }

    [Fact]
    public void TheNameOfNobodyIsAFilterStill() => Assert.Null(SegmentFilter.TryParse("email = \"@\" or not email = \"@\"", out _));

    [Theory]
    [InlineData("not email = \"joann@e.example.com\"")]
    [InlineData("email = \"ann@e.example.com.au\"")]
    [InlineData("email = \"annXe.example.com\"")]
    public async Task FiltersThatNameOthersStayAsTheyAre(string filter)
    {
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", filter);

        await new ErasureStore(DataSource, Keys).EraseAsync("ann@e.example.com", default);

        Assert.Equal(filter, await Database.ScalarAsync<string>("select filter from segments"));
    }

    [Theory]
    [InlineData("😀x@example.com")]
    [InlineData("a.b+c-d_e/f=g?h^i{j}|k~l!m#n$o%p&q'r*s`t@example.com")]
    [InlineData("ünïcode@example.com")]
    [InlineData("x@bücher.example")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("\"a\\\\b\"@example.com")]
    public async Task WhateverStandsInAnAddressItIsForgotten(string address)
    {
        var written = address.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Null(SegmentFilter.TryParse($"email = \"{written}\"", out _));
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", $"email = \"{written}\"");
        await Hashing.CreateAsync(new SubscriberDraft { Email = address, Newsletter = Tea }, default);

        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default));

        Assert.Equal((0L, "email = \"@\""), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<string>("select filter from segments")));
    }
}
