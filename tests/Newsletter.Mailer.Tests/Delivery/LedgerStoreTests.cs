using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What one commit writes in the journal and in the ledger, and what becomes of it when it is tried again.</summary>
public sealed class LedgerStoreTests : LedgerTest
{
    [Fact]
    public async Task MorePartitionsThanStatementsAreKeptForAreWrittenAllTheSame()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        Room.Scheduling.OwnPartitionFrom = 1;
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        for (var issue = 0; issue < 20; issue++)
        {
            var batch = await ClaimAsync(newsletter);
            await store.WriteAsync(session, Saying([], [Key(batch, 1)]), again: false, default);
            await store.WriteAsync(session, Saying([Outcome(batch, 1, "deferred") with { RetryIn = TimeSpan.FromHours(1) }], []), again: false, default);
        }

        Assert.Equal(20L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'deferred'"));
        await using var prepared = new Npgsql.NpgsqlCommand("select count(*) from pg_prepared_statements", session.Connection);
        Assert.InRange((long)(await prepared.ExecuteScalarAsync())!, 1, 32);
    }

    [Fact]
    public async Task MoreDifferentRepliesThanAreRememberedLoseNothing()
    {
        var batch = await ClaimAsync(2);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        await store.WriteAsync(session, Saying([], [Key(batch, 1), Key(batch, 2)]), again: false, default);
        // Words that are no ids, so that each is a text of its own.
        for (var round = 0; round < 11; round++)
        {
            var texts = Enumerable.Range(0, 1_000).Select(n => Outcome(batch, 99, "rejected", new SmtpReply(550, null, $"no {Word(round)} {Word(n)}"))).ToList();
            await store.WriteAsync(session, Saying([.. texts, Outcome(batch, 99, "rejected")], []), again: false, default);
        }

        var write = Saying([Outcome(batch, 1, "accepted"), Outcome(batch, 2, "accepted", new SmtpReply(250, null, "something new"))], []);
        await PostAsync(await store.WriteAsync(session, write, again: false, default));

        Assert.Equal(["accepted", "accepted"], await StatusesAsync());
        Assert.Equal(11_002L, await Database.ScalarAsync<long>("select count(*) from smtp_details"));
    }

    [Fact]
    public async Task RepliesThatReadTheSameAreOneThoughTheyWereSplitDifferently()
    {
        var batch = await ClaimAsync(2);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        await store.WriteAsync(session, Saying([], [Key(batch, 1), Key(batch, 2)]), again: false, default);

        var write = Saying([Outcome(batch, 1, "accepted", new SmtpReply(250, "2.0.0", "Ok")), Outcome(batch, 2, "accepted", new SmtpReply(250, null, "2.0.0 Ok"))], []);
        await PostAsync(await store.WriteAsync(session, write, again: false, default));

        Assert.Equal(["accepted", "accepted"], await StatusesAsync());
    }

    [Fact]
    public async Task AWriteTriedAgainAfterItsAnswerWasLostChangesNothingMore()
    {
        var batch = await ClaimAsync(3);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        await store.WriteAsync(session, Saying([], [Key(batch, 1)]), again: false, default);
        var write = Saying([Outcome(batch, 1, "deferred") with { RetryIn = TimeSpan.FromMinutes(5) }], [Key(batch, 2)]);
        await store.WriteAsync(session, write, again: false, default);

        var again = await store.WriteAsync(session, write, again: true, default);

        Assert.Equal([true], again.Intended);
        Assert.Equal(1, await Database.ScalarAsync<short>("select attempts from deliveries where seq = 1"));
        await PostAsync(again);
        Assert.Equal(["deferred", "sending", "pending"], await StatusesAsync());
    }

    [Fact]
    public async Task AWriteThatNeverArrivedIsMadeWhenItIsTriedAgain()
    {
        var batch = await ClaimAsync(2);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        await store.WriteAsync(session, Saying([], [Key(batch, 1)]), again: false, default);

        var again = await store.WriteAsync(session, Saying([Outcome(batch, 1, "rejected")], [Key(batch, 2)]), again: true, default);

        Assert.Equal([true, true], again.Written.Concat(again.Intended));
        Assert.Equal(["rejected", "pending"], await StatusesAsync());
    }

    [Fact]
    public async Task AnIntentWhoseAnswerWasLostIsStillOursThoughTheIssueWasPausedMeanwhile()
    {
        var batch = await ClaimAsync(2);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        var write = Saying([], [Key(batch, 1)]);
        await store.WriteAsync(session, write, again: false, default);
        await Database.ExecuteAsync("update issues set state = 'paused'");

        var again = await store.WriteAsync(session, write, again: true, default);
        var later = await store.WriteAsync(session, Saying([], [Key(batch, 2)]), again: true, default);

        // Else it would be in flight for ever, and nobody sending it.
        Assert.Equal([true, false], again.Intended.Concat(later.Intended));
    }

    [Fact]
    public async Task AnIntentFoundAgainUnderALeaseThatRanOutWaitsForItsRenewal()
    {
        var batch = await ClaimAsync(1);
        var store = new LedgerStore(DataSource);
        await using var session = await store.OpenAsync(default);
        var write = Saying([], [Key(batch, 1)]);
        await store.WriteAsync(session, write, again: false, default);
        await Room.ExpireLeasesAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => store.WriteAsync(session, write, again: true, default));

        await Room.Batches.RenewAsync([batch], TimeSpan.FromMinutes(1), default);
        Assert.Equal([true], (await store.WriteAsync(session, write, again: true, default)).Intended);
    }
}
