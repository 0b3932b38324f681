using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

public sealed class UnsubscribeStoreTests : DatabaseTest
{
    private NewsletterProfile _newsletter = null!;
    private long _reader;

    private UnsubscribeStore Store => new(DataSource, Subscriptions);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _newsletter = await Some.NewsletterAsync(Database);
        _reader = (await Some.SubscribersAsync(Database, _newsletter, 1)).Single();
    }

    [Fact]
    public async Task LeavingKeepsWhenHowAndByWhichIssuesLink()
    {
        Assert.True(await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default));

        Assert.Equal("unsubscribed one_click 35 t", await SubscriptionAsync());
        Assert.Equal("unsubscribed", (await Store.FindAsync(_newsletter.Id, _reader, default))!.Status);
    }

    [Fact]
    public async Task WhoLeftEverythingHasAlsoLeftWhatIsMadeLaterUntilTheyTakeItBack()
    {
        var coffee = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        var others = await Some.SubscribersAsync(Database, coffee, 2);
        await Store.LeaveAllAsync(_reader, 35, Departure.Of(null, null, null), default);
        await Store.LeaveAllAsync(others[0], 35, Departure.Of(null, null, null), default);
        // One of them has come back to something since, and the last never left everything.
        await Database.ExecuteAsync("update subscriptions set status = 'active' where subscriber_id = $1 and newsletter_id = $2", others[0], coffee.Id);
        await Store.LeaveAsync(coffee.Id, others[1], 35, "page", default);

        var milk = await Some.NewsletterAsync(Database, draft => draft with { Slug = "milk" });

        Assert.Equal([_reader], await Database.ListAsync<long>("select subscriber_id from subscriptions where newsletter_id = $1 and status = 'unsubscribed' and unsubscribed_by = 'all'", [milk.Id]));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from subscriptions where newsletter_id = $1", milk.Id));
        Assert.True(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.Equal("active", await Database.ScalarAsync<string>("select string_agg(status, ',') from subscriptions where subscriber_id = $1", _reader));
    }

    [Fact]
    public async Task OfWhatTheyNeverHadLeavingEverythingTellsNothing()
    {
        await Some.NewsletterAsync(Database, draft => draft with { Slug = "never" });
        var never = await Database.ScalarAsync<long>("select id from newsletters where slug = 'never'");

        Assert.True(await Store.LeaveAllAsync(_reader, 0, Departure.Of(null, null, null), default));

        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed'"));
        Assert.Equal([_newsletter.Id], await Database.ListAsync<long>("select newsletter_id from consents where action = 'withdrawn'"));
        var story = (await new TimelineStore(DataSource).ListAsync(_reader, PageRequest.First, default))!.Items;
        Assert.All(story, told => Assert.NotEqual("never", told.Newsletter));
        Assert.Contains(story, told => told.Kind == "unsubscribed");
        var query = Assert.IsType<AudienceOutcome<ExportQuery>.Found>(await new ExportStore(DataSource).FindAsync("never", null, null, default)).Value;
        var rows = 0;
        Assert.Null(await new ExportStore(DataSource).ReadChunkAsync(query, 0, _ => ++rows > 0, default));
        Assert.Equal(0, rows);
        Assert.True(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.Equal([_newsletter.Id], await Database.ListAsync<long>("select newsletter_id from consents where action = 'restored'"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions where newsletter_id = $1", never));
    }

    [Fact]
    public async Task WhoIsSuppressedHasNothingToTakeBack()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default);
        await Database.ExecuteAsync("insert into suppressions (address, reason) select address, 'complaint' from subscribers where id = $1", _reader);

        Assert.False((await Store.FindAsync(_newsletter.Id, _reader, default))!.CanUndo);
        Assert.False(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task LeavingTwiceKeepsTheFirstTimeAndWay()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default);
        await Database.ExecuteAsync("update subscriptions set unsubscribed_at = '2026-01-01T00:00Z'");

        Assert.False(await Store.LeaveAsync(_newsletter.Id, _reader, 36, "page", default));

        Assert.Equal("unsubscribed one_click 35 t", await SubscriptionAsync());
        Assert.Equal(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), await Database.ScalarAsync<DateTime>("select unsubscribed_at from subscriptions"));
    }

    [Fact]
    public async Task OfManyAtOnceOneEndsIt()
    {
        var ended = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(() => Store.LeaveAsync(_newsletter.Id, _reader, n, "one_click", default))));

        Assert.Single(ended, left => left);
    }

    [Fact]
    public async Task ALinkOfNoIssueIsKeptAsNone()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default);

        Assert.Equal("unsubscribed page t", await SubscriptionAsync());
    }

    [Fact]
    public async Task WhoeverNeverConfirmedLeavesAsWell()
    {
        await Database.ExecuteAsync("update subscriptions set status = 'pending', confirmed_at = null");

        Assert.True(await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default));
    }

    [Fact]
    public async Task LeavingNeverMakesASubscription()
    {
        await Database.ExecuteAsync("delete from subscriptions");

        Assert.False(await Store.LeaveAsync(_newsletter.Id, _reader, 35, "one_click", default));
        Assert.False(await Store.LeaveAsync(_newsletter.Id, 0, 0, "one_click", default));
        Assert.False(await Store.LeaveAsync(4711, 4711, 4711, "one_click", default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task LeavingOneNewsletterLeavesTheOthers()
    {
        var other = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status) values ($1, $2, 'active')", other.Id, _reader);

        await Store.LeaveAsync(_newsletter.Id, _reader, 0, "page", default);

        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions where newsletter_id = $1", other.Id));
    }

    [Fact]
    public async Task ThePageSpeaksOfTheNewsletterAndNotOfTheAddress()
    {
        var page = (await Store.FindAsync(_newsletter.Id, _reader, default))!;

        Assert.Equal(("The Tea", "tea", "en", "active"), (page.Name, page.Slug, page.Language, page.Status));
        Assert.Equal("none", (await Store.FindAsync(_newsletter.Id, 4711, default))!.Status);
        Assert.Null(await Store.FindAsync(4711, _reader, default));
    }

    [Fact]
    public async Task LeavingIsAnEntryInTheLedgerWithWhatTheReaderSaid()
    {
        var why = Departure.Of("too_many", "  Every\r\nday! ", "203.0.113.7");
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default, why);
        await Store.LeaveAsync(_newsletter.Id, _reader, 36, "one_click", default);

        var entry = Assert.Single(await Consents.ListAsync(_reader, default));
        Assert.Equal(("withdrawn", "unsubscribe", "mailed_link", "too_many", "Every\nday!", "203.0.113.7"), (entry.Action, entry.Form, entry.How, entry.Reason, entry.Note, entry.Ip));
    }

    [Theory]
    [InlineData("no such reason", "\u0000 \uD800")]
    [InlineData("", "   ")]
    [InlineData(null, null)]
    public void NobodyIsKeptFromLeavingByWhatTheySay(string? reason, string? note)
    {
        var why = Departure.Of(reason, note, null);

        Assert.Equal((null, null), (why.Reason, why.Note));
        Assert.Equal(Departure.LongestNote, Departure.Of(null, new string('x', 9_000), null).Note!.Length);
        Assert.Equal("ab", Departure.Of(null, "a\u0000b", null).Note);
    }

    [Fact]
    public async Task LeavingIsTakenBackWithinTheHourAndLeavesEverythingAsItWas()
    {
        await Database.ExecuteAsync("update subscriptions set tier = 'premium', confirmed_at = '2026-01-01T00:00Z'");
        var before = await Database.ScalarAsync<string>("select to_jsonb(s)::text from subscriptions s");
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default);

        Assert.True(await Store.UndoAsync(_newsletter.Id, _reader, "203.0.113.7", default));

        Assert.Equal(before, await Database.ScalarAsync<string>("select to_jsonb(s)::text from subscriptions s"));
        Assert.Equal(["withdrawn", "restored"], (await Consents.ListAsync(_reader, default)).Select(entry => entry.Action));
        Assert.False(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
    }

    [Fact]
    public async Task AfterAnHourAnOldMailSubscribesNobody()
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default);
        Assert.True((await Store.FindAsync(_newsletter.Id, _reader, default))!.CanUndo);
        await Database.ExecuteAsync("update subscriptions set unsubscribed_at = now() - interval '61 minutes'");

        Assert.False(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.False((await Store.FindAsync(_newsletter.Id, _reader, default))!.CanUndo);
        Assert.Equal("unsubscribed page 35 t", await SubscriptionAsync());
    }

    [Theory]
    [InlineData("address")]
    [InlineData("domain")]
    public async Task WhoIsSuppressedIsNotOfferedToTakeItBack(string column)
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default);
        await Database.ExecuteAsync($"insert into suppressions ({column}, reason) select case '{column}' when 'address' then address else split_part(address, '@', 2) end, 'manual' from subscribers");

        Assert.False((await Store.FindAsync(_newsletter.Id, _reader, default))!.CanUndo);
        Assert.False(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
    }

    [Theory]
    [InlineData("put")]
    [InlineData("provider")]
    [InlineData("complaint")]
    public async Task WhatOthersTellTooIsNotTakenBack(string by)
    {
        await Store.LeaveAsync(_newsletter.Id, _reader, 35, "page", default);

        await TellAsync();
        await TellAsync();

        Assert.False((await Store.FindAsync(_newsletter.Id, _reader, default))!.CanUndo);
        Assert.False(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.Equal("unsubscribed page 35 t", await SubscriptionAsync());
        Assert.Equal(["page", by == "put" ? "api" : by], (await Consents.ListAsync(_reader, default)).Select(entry => entry.How is not null ? "page" : entry.Form == "unsubscribe" ? "provider" : entry.Form));

        // Whoever comes back and leaves again has an hour of their own.
        await Subscriptions.PutAsync(_reader, _newsletter.Slug, new SubscriptionDraft { Status = "active", Confirmed = true }, default);
        await Store.LeaveAsync(_newsletter.Id, _reader, 36, "page", default);
        Assert.True(await Store.UndoAsync(_newsletter.Id, _reader, null, default));

        Task TellAsync() => by == "put"
            ? Subscriptions.PutAsync(_reader, _newsletter.Slug, new SubscriptionDraft { Status = "unsubscribed" }, default)
            : Subscriptions.UnsubscribeAsync(_newsletter.Id, _reader, by, null, default);
    }

    [Fact]
    public async Task LeavingEverythingLeavesNewslettersThatTheyNeverHadTooAndUndoTakesAllOfItBack()
    {
        var coffee = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        var gone = await Some.NewsletterAsync(Database, draft => draft with { Slug = "gone" });
        await Some.NewsletterAsync(Database, draft => draft with { Slug = "never" });
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) values ($1, $2, 'active', now())", coffee.Id, _reader);
        await Database.ExecuteAsync(
            "insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at, unsubscribed_at, unsubscribed_by) values ($1, $2, 'unsubscribed', now(), now() - interval '5 minutes', 'page')", gone.Id, _reader);
        var other = (await Some.SubscribersAsync(Database, _newsletter, 1)).Single();
        var before = await AllAsync();

        Assert.Equal(1, (await Store.FindAsync(_newsletter.Id, _reader, default))!.Others);
        Assert.True(await Store.LeaveAllAsync(_reader, 35, Departure.Of(null, null, null), default));
        Assert.Equal("coffee:all gone:page never:all tea:all", await Database.ScalarAsync<string>(
            "select string_agg(n.slug || ':' || x.unsubscribed_by, ' ' order by n.slug) from subscriptions x join newsletters n on n.id = x.newsletter_id where x.subscriber_id = $1", _reader));
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions where subscriber_id = $1", other));
        Assert.False(await Store.LeaveAllAsync(_reader, 35, Departure.Of(null, null, null), default));

        Assert.True(await Store.UndoAsync(_newsletter.Id, _reader, null, default));
        Assert.Equal(before, await AllAsync());

        Task<string?> AllAsync() => Database.ScalarAsync<string>("select jsonb_agg(s order by newsletter_id, subscriber_id)::text from subscriptions s");
    }

    private SubscriptionStore Subscriptions => new(DataSource);

    private ConsentStore Consents => new(DataSource, Newsletter.Mailer.Links.KeyRing.Generate());

    private Task<string?> SubscriptionAsync() => Database.ScalarAsync<string>(
        "select concat_ws(' ', status, unsubscribed_by, unsubscribed_issue, unsubscribed_at is not null) from subscriptions where newsletter_id = $1", _newsletter.Id);
}
