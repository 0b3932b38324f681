using System.Net;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>From a form to a confirmed reader, in the database.</summary>
public sealed class SignUpTests : DatabaseTest
{
    private static readonly KeyRing s_keys = KeyRing.Generate();
    private static readonly IPAddress s_home = IPAddress.Parse("203.0.113.7");
    private readonly SignUpOptions _options = new();
    private NewsletterProfile _newsletter = null!;

    private SignUpStore SignUps => new(DataSource, _options);

    private ConfirmationStore Confirmations => new(DataSource, s_keys, _options);

    private ConsentStore Consents => new(DataSource, s_keys);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _newsletter = await Some.NewsletterAsync(Database);
    }

    [Fact]
    public async Task ASignUpIsAWaitingReaderUntilItIsConfirmed()
    {
        var id = await PutAsync("Ana@Example.com");

        Assert.True((await Confirmations.DecideAsync(id, default)).IsSent);
        Assert.Equal("Ana@example.com pending", await ReaderAsync());
        var confirmed = await Confirmations.ConfirmAsync(id, s_home, default);

        Assert.Equal(ConfirmResult.Confirmed, confirmed.Result);
        Assert.Equal("Ana@example.com active", await ReaderAsync());
        Assert.Equal("welcome ana@example.com", await Database.ScalarAsync<string>("select kind || ' ' || lower(address) from outbox where id = $1", confirmed.WelcomeOutboxId));
    }

    [Fact]
    public async Task ConfirmingTwiceIsNoErrorAndWelcomesOnce()
    {
        var id = await MailedAsync("ana@example.com");
        await Confirmations.ConfirmAsync(id, s_home, default);
        await Database.ExecuteAsync("update subscriptions set confirmed_at = '2026-01-01T00:00Z'");

        var again = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Confirmations.ConfirmAsync(id, s_home, default))));

        Assert.All(again, outcome => Assert.Equal((ConfirmResult.Seen, null), (outcome.Result, outcome.WelcomeOutboxId)));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from outbox where kind = 'welcome'"));
        Assert.Equal(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), await Database.ScalarAsync<DateTime>("select confirmed_at from subscriptions"));
    }

    [Fact]
    public async Task TheLedgerKeepsWordsTimesFormAndNetworkOfBothSteps()
    {
        var id = await MailedAsync("ana@example.com");
        await Database.ExecuteAsync("update sign_ups set created_at = now() - interval '3 hours'");
        await Confirmations.ConfirmAsync(id, IPAddress.Parse("2001:db8::7"), default);

        var entries = await Consents.ListAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);

        Assert.Equal(["asked", "confirmed"], entries.Select(entry => entry.Action));
        Assert.All(entries, entry => Assert.Equal(("I want tea.", "en", "page", "tea"), (entry.Wording, entry.Language, entry.Form, entry.Newsletter)));
        Assert.Equal(["203.0.113.7", "2001:db8::7"], entries.Select(entry => entry.Ip));
        Assert.Equal([null, "mailed_link"], entries.Select(entry => entry.How));
        Assert.InRange((entries[1].At - entries[0].At).TotalMinutes, 179, 181);
    }

    [Theory]
    [InlineData("update consents set wording = 'other'")]
    [InlineData("update consents set at = now()")]
    [InlineData("delete from consents")]
    [InlineData("truncate consents")]
    [InlineData("update consents set subscriber_id = null, address_hash = '\\x00', wording = 'other', ip = null")]
    public async Task TheLedgerOnlyGrows(string sql)
    {
        await Confirmations.ConfirmAsync(await MailedAsync("ana@example.com"), s_home, default);

        Assert.Contains("only grow", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Database.ExecuteAsync(sql))).MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressGetsOneConfirmationADayAndThreeInHalfAYear()
    {
        var sent = new List<bool>();
        for (var day = 0; day < 6; day++)
        {
            sent.Add((await Confirmations.DecideAsync(await PutAsync(day % 2 == 0 ? "ana@example.com" : "ANA@example.com"), default)).IsSent);
            sent.Add((await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default)).IsSent);
            await Database.ExecuteAsync("update sign_ups set mailed_at = mailed_at - interval '25 hours', created_at = created_at - interval '25 hours'");
        }

        Assert.Equal([true, false, true, false, true, false, false, false, false, false, false, false], sent);
        await Database.ExecuteAsync("update sign_ups set mailed_at = mailed_at - interval '181 days'");
        Assert.True((await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default)).IsSent);
    }

    [Fact]
    public async Task OfManyAtOnceOneIsMailed()
    {
        var ids = new List<long>();
        for (var i = 0; i < 12; i++)
            ids.Add(await PutAsync("ana@example.com"));

        var decisions = await Task.WhenAll(ids.Select(id => Task.Run(() => Confirmations.DecideAsync(id, default))));

        Assert.Single(decisions, decision => decision.IsSent);
        Assert.Equal(11L, await Database.ScalarAsync<long>("select count(*) from sign_ups where dropped_because = 'limit'"));
    }

    [Fact]
    public async Task ConfirmingStartsTheCountAnew()
    {
        await Confirmations.ConfirmAsync(await MailedAsync("ana@example.com"), s_home, default);

        var second = await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default);

        Assert.Equal((true, true), (second.IsSent, second.IsSubscribed));
        Assert.False((await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default)).IsSent);
    }

    [Fact]
    public async Task AMailThatMustBeTriedAgainIsDecidedAsBefore()
    {
        var id = await PutAsync("ana@example.com");

        Assert.Equal(await Confirmations.DecideAsync(id, default), await Confirmations.DecideAsync(id, default));
    }

    [Theory]
    [InlineData("address", "hard_bounce")]
    [InlineData("address", "complaint")]
    [InlineData("domain", "manual")]
    public async Task ASuppressedAddressGetsNoMailUntilAPersonLiftsIt(string what, string reason)
    {
        await Database.ExecuteAsync($"insert into suppressions ({what}, reason) values ($1, $2)", what == "domain" ? "example.com" : "ana@example.com", reason);

        Assert.False((await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default)).IsSent);
        Assert.Equal("dropped suppressed", await Database.ScalarAsync<string>("select state || ' ' || dropped_because from sign_ups"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));

        await Database.ExecuteAsync("delete from suppressions");
        Assert.True((await Confirmations.DecideAsync(await PutAsync("ana@example.com"), default)).IsSent);
    }

    [Fact]
    public async Task WhoWasSuppressedAfterTheMailCanNotConfirm()
    {
        var id = await MailedAsync("ana@example.com");
        await Database.ExecuteAsync("insert into suppressions (address, reason) values ('ana@example.com', 'hard_bounce')");

        Assert.Equal(ConfirmResult.Blocked, (await Confirmations.ConfirmAsync(id, s_home, default)).Result);
        Assert.Equal("ana@example.com pending", await ReaderAsync());
    }

    [Fact]
    public async Task WhoLeftStaysAwayUntilTheyConfirmAndKeepsTheirTier()
    {
        var reader = (await Some.SubscribersAsync(Database, _newsletter, 1, "unsubscribed", "premium"))[0];
        var address = await Database.ScalarAsync<string>("select address from subscribers where id = $1", reader);

        var id = await MailedAsync(address!);
        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
        await Confirmations.ConfirmAsync(id, s_home, default);

        Assert.Equal("active premium t t", await Database.ScalarAsync<string>("select concat_ws(' ', status, tier, unsubscribed_at is null, unsubscribed_by is null) from subscriptions"));
    }

    [Fact]
    public async Task AnOldLinkNeverUndoesALaterGoodBye()
    {
        var id = await MailedAsync("ana@example.com");
        await Confirmations.ConfirmAsync(id, s_home, default);
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = 'page'");

        Assert.Equal(ConfirmResult.Seen, (await Confirmations.ConfirmAsync(id, s_home, default)).Result);
        Assert.Equal("ana@example.com unsubscribed", await ReaderAsync());
    }

    [Fact]
    public async Task AfterSevenDaysTheLinkHasExpired()
    {
        var id = await MailedAsync("ana@example.com");
        await Database.ExecuteAsync("update sign_ups set mailed_at = now() - interval '6 days 23 hours'");
        Assert.False((await SignUps.FindAsync(id, default))!.Expired);
        await Database.ExecuteAsync("update sign_ups set mailed_at = now() - interval '7 days 1 hour'");

        Assert.True((await SignUps.FindAsync(id, default))!.Expired);
        Assert.Equal(ConfirmResult.Expired, (await Confirmations.ConfirmAsync(id, s_home, default)).Result);
        Assert.Equal("ana@example.com pending", await ReaderAsync());
    }

    [Fact]
    public async Task WhoDisownsASignUpIsForgottenAndNotMailedAgain()
    {
        var id = await MailedAsync("ana@example.com");

        await Confirmations.DisownAsync(id, default);

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from sign_ups where address is not null or ip is not null"));
        Assert.False((await Confirmations.DecideAsync(await PutAsync("Ana@example.com"), default)).IsSent);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from sign_ups where address is not null"));
        Assert.Equal(ConfirmResult.Seen, (await Confirmations.ConfirmAsync(id, s_home, default)).Result);
    }

    [Fact]
    public async Task WhoDisownsAConfirmedSignUpHasLeftAndReadsOnWhatElseTheyRead()
    {
        var other = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        var id = await MailedAsync("ana@example.com");
        await Confirmations.ConfirmAsync(id, s_home, default);
        var reader = await Database.ScalarAsync<long>("select id from subscribers");
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status) values ($1, $2, 'active')", other.Id, reader);

        Assert.True(await Confirmations.DisownAsync(id, default));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
        Assert.Equal(
            ["unsubscribed page", "active"],
            await Database.ListAsync<string>("select concat_ws(' ', status, unsubscribed_by) from subscriptions order by newsletter_id"));
    }

    [Fact]
    public async Task TheDatabaseCountsNetworksAndSurgesForAllProcesses()
    {
        _options.NetworkPerHour = 2;
        _options.SurgePerMinute = 3;

        Assert.NotNull((await PutRawAsync("a@example.com", "192.0.2.1")).OutboxId);
        Assert.NotNull((await PutRawAsync("b@example.com", "192.0.2.200")).OutboxId);
        Assert.Equal((null, false), await FromAsync("192.0.2.3"));
        Assert.NotNull((await PutRawAsync("d@example.com", "198.51.100.1")).OutboxId);
        Assert.Equal((null, true), await FromAsync("203.0.113.1"));
        Assert.Equal(3L, await Database.ScalarAsync<long>("select count(*) from outbox"));

        async Task<(long?, bool)> FromAsync(string ip) => await PutRawAsync("c@example.com", ip) is var put ? (put.OutboxId, put.NetworkHasRoom) : default;
    }

    [Fact]
    public async Task WhatNobodyConfirmedIsForgottenAfterHalfAYear()
    {
        await MailedAsync("ana@example.com");
        await Confirmations.ConfirmAsync(await MailedAsync("bo@example.com"), s_home, default);
        await SignUps.ForgetOldAsync(default);
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from subscribers"));

        await Database.ExecuteAsync("update sign_ups set created_at = now() - interval '181 days'");
        await SignUps.ForgetOldAsync(default);

        Assert.Equal("bo@example.com active", await ReaderAsync());
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from sign_ups"));
    }

    private async Task<long> MailedAsync(string address)
    {
        var id = await PutAsync(address);
        Assert.True((await Confirmations.DecideAsync(id, default)).IsSent);
        return id;
    }

    private async Task<long> PutAsync(string address)
    {
        var put = await PutRawAsync(address, s_home.ToString());
        var model = await Database.ScalarAsync<string>("select model::text from outbox where id = $1", put.OutboxId);
        return System.Text.Json.JsonSerializer.Deserialize<SignUpModel>(model!)!.SignUpId;
    }

    private Task<PutSignUp> PutRawAsync(string address, string ip)
    {
        Assert.True(EmailAddress.TryParse(address, out var parsed));
        var signUp = new SignUp { NewsletterId = _newsletter.Id, Address = parsed, Language = "en", Form = "page", Wording = "I want tea.", From = IPAddress.Parse(ip) };
        return SignUps.PutAsync(signUp, NetworkRange.Of(signUp.From), default);
    }

    private Task<string?> ReaderAsync() =>
        Database.ScalarAsync<string>("select s.address || ' ' || x.status from subscribers s join subscriptions x on x.subscriber_id = s.id");
}
