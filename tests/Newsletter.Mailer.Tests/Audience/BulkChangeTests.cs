using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class BulkChangeTests : DatabaseTest
{
    private NewsletterProfile newsletter = null!;

    private BulkChangeStore Changes => new(DataSource);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 100);
        await Some.SubscribersAsync(Database, newsletter, 5, status: "unsubscribed");
        await Database.ExecuteAsync("update subscribers set tags = '{beta,old}', attributes = '{\"city\": \"Rome\", \"plan\": \"a\"}' where id <= 40");
    }

    [Fact]
    public async Task EveryReaderOfTheSegmentIsChangedOnceThoughTheyLeaveItByThat()
    {
        await new SegmentStore(DataSource).CreateAsync(new SegmentDraft { Newsletter = "tea", Name = "Beta", Filter = "tags has \"beta\"" }, default);
        await Database.ExecuteAsync("update subscribers set tags = '{beta,new,vip}', attributes = '{\"city\": \"Oslo\"}' where id <= 10; update subscriptions set tier = 'premium' where subscriber_id <= 10");
        var id = await StartAsync(new BulkChangeDraft
        {
            Newsletter = "tea",
            Segment = "beta",
            AddTags = ["VIP ", "new"],
            RemoveTags = ["beta", "none"],
            Attributes = Json("""{"city":"Oslo","plan":null}"""),
            Tier = "premium",
        });

        Assert.False(await Changes.RunChunkAsync(id, 15, default));
        var half = (await Changes.GetAsync(id, default))!;
        Assert.Equal(("running", 15L, 15L), (half.State, half.Matched, half.Changed));
        Assert.Equal([id], await Changes.FindUnfinishedAsync(default));
        Assert.True(await Changes.RunAsync(id, default));

        var done = (await Changes.GetAsync(id, default))!;
        Assert.Equal(("finished", 40L, 40L, 0L, 0L), (done.State, done.Matched, done.Changed, done.Unchanged, done.Refused));
        Assert.NotNull(done.FinishedAt);
        Assert.Equal(30L, await Database.ScalarAsync<long>("select count(*) from subscribers where tags = '{new,old,vip}' and attributes = '{\"city\": \"Oslo\"}'"));
        Assert.Equal(10L, await Database.ScalarAsync<long>("select count(*) from subscribers where tags = '{new,vip}' and attributes = '{\"city\": \"Oslo\"}'"));
        Assert.Equal(65L, await Database.ScalarAsync<long>("select count(*) from subscribers where tags = '{}' and attributes = '{}'"));
        Assert.Equal(40L, await Database.ScalarAsync<long>("select count(*) from subscriptions where tier = 'premium'"));
        Assert.False(await Changes.RunAsync(id, default));
    }

    [Fact]
    public async Task WhoWasSoAlreadyIsCountedAsUnchangedAndWhoWouldHaveTooMuchAsRefused()
    {
        await Database.ExecuteAsync("update subscribers set tags = (select array_agg('t' || lpad(n::text, 3, '0')) from generate_series(1, 100) n) where id = 1");
        var id = await StartAsync(new BulkChangeDraft { Newsletter = "tea", Filter = "tags is not empty", AddTags = ["old"] });

        await Changes.RunAsync(id, default);

        var done = (await Changes.GetAsync(id, default))!;
        Assert.Equal((40L, 0L, 39L, 1L), (done.Matched, done.Changed, done.Unchanged, done.Refused));
        Assert.Equal(100, await Database.ScalarAsync<int>("select cardinality(tags) from subscribers where id = 1"));
    }

    [Fact]
    public async Task ASegmentCanBeUnsubscribed()
    {
        var id = await StartAsync(new BulkChangeDraft { Newsletter = "tea", Filter = "tags has \"beta\"", Unsubscribe = true });

        await Changes.RunAsync(id, default);

        Assert.Equal(40L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed' and unsubscribed_by = 'api' and unsubscribed_at is not null"));
        Assert.Equal(60L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'"));
    }

    [Fact]
    public async Task TwoAtOnceDoEachReaderOnce()
    {
        var id = await StartAsync(new BulkChangeDraft { Newsletter = "tea", Filter = "tags has \"beta\"", AddTags = ["x"] });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Changes.RunAsync(id, default)));
        await Changes.RunAsync(id, default);

        var done = (await Changes.GetAsync(id, default))!;
        Assert.Equal(("finished", 40L, 40L), (done.State, done.Matched, done.Changed));
    }

    [Fact]
    public async Task WhatIsWrongIsToldByField()
    {
        Assert.Equal(["add_tags", "newsletter"], await ProblemsAsync(new BulkChangeDraft()));
        Assert.Equal(["segment"], await ProblemsAsync(new BulkChangeDraft { Newsletter = "tea", Tier = "free" }));
        Assert.Equal(["segment"], await ProblemsAsync(new BulkChangeDraft { Newsletter = "tea", Segment = "none", Tier = "free" }));
        Assert.Equal(["filter"], await ProblemsAsync(new BulkChangeDraft { Newsletter = "tea", Segment = "none", Filter = "tags is empty", Tier = "free" }));
        Assert.Equal(["add_tags", "attributes.City", "filter", "remove_tags", "tier"], await ProblemsAsync(new BulkChangeDraft
        {
            Newsletter = "tea",
            Filter = "oops",
            Tier = "gold",
            AddTags = ["a,b", "c"],
            RemoveTags = ["C"],
            Attributes = Json("""{"City":"x"}"""),
        }));
    }

    private async Task<long> StartAsync(BulkChangeDraft draft) =>
        Assert.IsType<AudienceOutcome<BulkChange>.Created>(await Changes.CreateAsync(draft, default)).Value.Id;

    private async Task<IEnumerable<string>> ProblemsAsync(BulkChangeDraft draft) =>
        Assert.IsType<AudienceOutcome<BulkChange>.Invalid>(await Changes.CreateAsync(draft, default)).Problems.Select(problem => problem.Field).Order(StringComparer.Ordinal);

    private static Dictionary<string, JsonElement> Json(string text) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(text)!;
}
