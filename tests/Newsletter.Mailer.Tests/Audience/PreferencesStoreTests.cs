using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class PreferencesStoreTests : DatabaseTest
{
    private NewsletterProfile _tea = null!;
    private NewsletterProfile _coffee = null!;
    private long _reader;

    private PreferencesStore Store => new(DataSource);

    private ConsentStore Consents => new(DataSource, KeyRing.Generate());

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _tea = await Some.NewsletterAsync(Database);
        _coffee = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee", Name = "Coffee" });
        _reader = (await Some.SubscribersAsync(Database, _tea, 1)).Single();
    }

    [Fact]
    public async Task TheFormSavesEverythingAtOnce()
    {
        var saved = await SaveAsync(Change() with { Name = "Ana Bo", TimeZone = "Asia/Tokyo", Language = "ja", PlainText = true, Choices = Chosen(tea: "nothing", coffee: "every") });

        Assert.Equal(("Ana Bo", "Asia/Tokyo", "ja", true), (saved.Name, saved.TimeZone, saved.Language, saved.PlainText));
        Assert.Equal(["Coffee every", "The Tea nothing"], saved.Newsletters.Select(newsletter => $"{newsletter.Name} {newsletter.Choice}").Order());
    }

    [Fact]
    public async Task ChoosingIsConsentWithItsWordsAndLeavingIsWithdrawn()
    {
        await SaveAsync(Change() with { Choices = Chosen(tea: "nothing", coffee: "every") });

        var entries = await Consents.ListAsync(_reader, default);
        Assert.Equal(["chosen coffee preferences mailed_link I choose.", "withdrawn tea preferences mailed_link "],
            entries.Select(entry => $"{entry.Action} {entry.Newsletter} {entry.Form} {entry.How} {entry.Wording}").Order());
        Assert.Equal("preferences", await Database.ScalarAsync<string>("select unsubscribed_by from subscriptions where newsletter_id = $1", _tea.Id));
    }

    [Fact]
    public async Task ADigestIsAChoiceAndConsentWhetherTheyReadItOrNot()
    {
        var saved = await SaveAsync(Change() with { Choices = Chosen(tea: "digest", coffee: "digest") });

        Assert.Equal(["Coffee digest active", "The Tea digest active"], saved.Newsletters.Select(newsletter => $"{newsletter.Name} {newsletter.Choice} {newsletter.Status}").Order());
        Assert.Equal(["chosen coffee I choose a digest.", "chosen tea I choose a digest."],
            (await Consents.ListAsync(_reader, default)).Select(entry => $"{entry.Action} {entry.Newsletter} {entry.Wording}").Order());
        saved = await SaveAsync(Change() with { Choices = Chosen(tea: "every", coffee: "digest") });
        Assert.Equal(["Coffee digest", "The Tea every"], saved.Newsletters.Select(newsletter => $"{newsletter.Name} {newsletter.Choice}").Order());
        Assert.Equal(3, (await Consents.ListAsync(_reader, default)).Count);
    }

    [Fact]
    public async Task ADigestThatIsSwitchedOffIsNoChoiceForWhoHasNotMadeIt()
    {
        await SaveAsync(Change() with { Choices = Chosen(tea: "digest", coffee: "nothing") });
        await Database.ExecuteAsync("update newsletters set digests = false");

        var saved = await SaveAsync(Change() with { Choices = Chosen(tea: "digest", coffee: "digest") });

        Assert.Equal(["Coffee nothing", "The Tea digest"], saved.Newsletters.Select(newsletter => $"{newsletter.Name} {newsletter.Choice}").Order());
        await SaveAsync(Change() with { Choices = Chosen(tea: "every", coffee: "nothing") });
        Assert.False(await Store.TakeDigestAsync(_reader, _tea.Id, ("A digest", "en"), null, default));
    }

    [Fact]
    public async Task WhoLeavesKeepsTheirChoiceForAnUndoAndWhoComesBackGetsEveryIssue()
    {
        await SaveAsync(Change() with { Choices = Chosen(tea: "digest", coffee: "nothing") });
        await Store.PauseAsync(_reader, null, null, default);
        var subscriptions = new SubscriptionStore(DataSource);
        await subscriptions.UnsubscribeAsync(_tea.Id, _reader, "page", null, default);
        Assert.Equal("digest", await Database.ScalarAsync<string>("select frequency from subscriptions where paused_until is not null"));

        await subscriptions.PutAsync(_reader, "tea", new SubscriptionDraft { Status = "active", Confirmed = true }, default);

        Assert.Equal("every", await Database.ScalarAsync<string>("select frequency from subscriptions where paused_until is null"));
        await SaveAsync(Change() with { Choices = Chosen(tea: "digest", coffee: "nothing") });
        await subscriptions.PutAsync(_reader, "tea", new SubscriptionDraft { Tier = "premium" }, default);
        Assert.Equal("digest premium", await Database.ScalarAsync<string>("select frequency || ' ' || tier from subscriptions"));
    }

    [Fact]
    public async Task SavingWhatIsSoAlreadyIsNoNews()
    {
        await SaveAsync(Change() with { Choices = Chosen(tea: "every", coffee: "nothing") });

        Assert.Empty(await Consents.ListAsync(_reader, default));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task WhoIsSuppressedCanLeaveAndCanNotJoin()
    {
        await Database.ExecuteAsync("insert into suppressions (address, reason) select address, 'complaint' from subscribers");

        await SaveAsync(Change() with { Choices = Chosen(tea: "nothing", coffee: "every") });

        Assert.Equal("tea:unsubscribed", await Database.ScalarAsync<string>("select string_agg(n.slug || ':' || x.status, ' ') from subscriptions x join newsletters n on n.id = x.newsletter_id"));
    }

    [Theory]
    [InlineData("a\nb", null, "name")]
    [InlineData(null, "Mars/Olympus", "time_zone")]
    public async Task WhatCanNotBeSavedChangesNothing(string? name, string? zone, string field)
    {
        var outcome = await Store.SaveAsync(_reader, Change() with { Name = name, TimeZone = zone, Choices = Chosen(tea: "nothing", coffee: "every") }, default);

        Assert.Equal([field], Assert.IsType<AudienceOutcome<ReaderPreferences>.Invalid>(outcome).Problems.Select(problem => problem.Field));
        Assert.Equal("active", await Database.ScalarAsync<string>("select string_agg(status, ',') from subscriptions"));
    }

    [Fact]
    public async Task AnOwnNameReplacesAFirstNameThatSomebodyElseGave()
    {
        await Database.ExecuteAsync("update subscribers set attributes = '{\"first_name\": \"Occupant\", \"city\": \"Ulm\"}'");

        await SaveAsync(Change() with { Name = "Ana Bo" });

        Assert.Equal("Ana", await Database.ScalarAsync<string>("select first_name(name, attributes) from subscribers"));
        Assert.Equal("Ulm", await Database.ScalarAsync<string>("select attributes ->> 'city' from subscribers"));
    }

    [Fact]
    public async Task ABreakIsFourWeeksOfWhatTheyReadAndCanBeEnded()
    {
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status) values ($1, $2, 'unsubscribed')", _coffee.Id, _reader);

        var until = await Store.PauseAsync(_reader, null, null, default);

        Assert.InRange((until!.Value.UtcDateTime - await Database.ScalarAsync<DateTime>("select now()")).TotalDays, 27.9, 28.1);
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from subscriptions where paused_until > now()"));
        // Pressed again, it is told once.
        await Store.PauseAsync(_reader, null, "192.0.2.7", default);
        await Store.ResumeAsync(_reader, "192.0.2.7", default);
        await Store.ResumeAsync(_reader, "192.0.2.7", default);
        Assert.Equal(
            ["paused preferences", "resumed preferences 192.0.2.7"],
            (await Consents.ListAsync(_reader, default)).Where(consent => consent.Action is "paused" or "resumed").Select(consent => $"{consent.Action} {consent.Form} {consent.Ip}".Trim()));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions where paused_until is not null"));
        Assert.Null(await Store.PauseAsync(_reader, _coffee.Id, null, default));
    }

    [Fact]
    public async Task ADigestInThePlaceOfLeavingIsInTheLedgerOnce()
    {
        await Database.ExecuteAsync("update newsletters set digests = true");
        var before = (await Consents.ListAsync(_reader, default)).Count;

        Assert.True(await Store.TakeDigestAsync(_reader, _tea.Id, ("A digest a month", "en"), "192.0.2.7", default));
        Assert.True(await Store.TakeDigestAsync(_reader, _tea.Id, ("A digest a month", "en"), "192.0.2.7", default));

        var entry = Assert.Single((await Consents.ListAsync(_reader, default)).Skip(before));
        Assert.Equal(("chosen", "unsubscribe", "A digest a month", "en", "192.0.2.7", "mailed_link"), (entry.Action, entry.Form, entry.Wording, entry.Language, entry.Ip, entry.How));
    }

    [Fact]
    public async Task TheLinkIsMailedOnceAnHour()
    {
        var sent = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => Store.MailLinkAsync(_reader, _tea.Id, default))));

        Assert.Single(sent, id => id is not null);
        await Database.ExecuteAsync("update outbox set created_at = now() - interval '61 minutes'");
        Assert.NotNull(await Store.MailLinkAsync(_reader, _tea.Id, default));
        Assert.Null(await Store.MailLinkAsync(4711, _tea.Id, default));
    }

    private static PreferencesChange Change() => new() { Wording = "I choose.", DigestWording = "I choose a digest.", WordingLanguage = "en", Ip = "203.0.113.7" };

    private Dictionary<long, string> Chosen(string tea, string coffee) => new() { [_tea.Id] = tea, [_coffee.Id] = coffee };

    private async Task<ReaderPreferences> SaveAsync(PreferencesChange change) =>
        Assert.IsType<AudienceOutcome<ReaderPreferences>.Updated>(await Store.SaveAsync(_reader, change, default)).Value;
}
