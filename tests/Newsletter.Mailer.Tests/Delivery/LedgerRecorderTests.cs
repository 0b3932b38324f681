using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The one place where outcomes and intents become durable.</summary>
public sealed class LedgerRecorderTests : MailroomTest
{
    private readonly Guid _writer = Guid.NewGuid();
    private long _writes;

    [Fact]
    public async Task WhatConnectionsSayAtOnceIsCommittedTogether()
    {
        var batch = await ClaimAsync(200);
        await using var recorder = NewRecorder();

        var intended = await Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(null, Key(batch, delivery.Seq))));

        Assert.All(intended, Assert.True);
        Assert.InRange(await Database.ScalarAsync<long>("select max(write_no) from ledger_journal"), 1, 20);
        await recorder.PostAsync();
        Assert.Equal(200L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'sending'"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from ledger_journal"));
    }

    [Fact]
    public async Task AnOutcomeAndTheNextIntentAreOneCommit()
    {
        var batch = await ClaimAsync(2);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));

        Assert.True(await recorder.RecordAsync(Outcome(batch, 1, "accepted"), Key(batch, 2)));

        await recorder.PostAsync();
        Assert.Equal(["accepted", "sending"], await StatusesAsync());
    }

    [Fact]
    public async Task AnOutcomeAndAnIntentOfAnotherPartitionAreOneCommit()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        var small = await ClaimAsync(newsletter);
        Room.Scheduling.OwnPartitionFrom = 1;
        var large = await ClaimAsync(newsletter);
        Assert.NotEqual(small.PartKey, large.PartKey);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(small, 1));

        Assert.True(await recorder.RecordAsync(Outcome(small, 1, "accepted"), Key(large, 1)));

        await recorder.PostAsync();
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(distinct updated_at) from deliveries"));
        Assert.Equal(["accepted", "sending"], await Database.ListAsync<string>("select status::text from deliveries where updated_at is not null order by issue_id"));
    }

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

    [Theory]
    [InlineData("pause")]
    [InlineData("take-over")]
    public async Task AnIntentThatMayNotBeIsDenied(string why)
    {
        var batch = await ClaimAsync(2);
        await using var recorder = NewRecorder();
        await Database.ExecuteAsync(why switch
        {
            "pause" => "update issues set state = 'paused'",
            _ => "update batches set fence = fence + 1",
        });

        Assert.False(await recorder.RecordAsync(null, Key(batch, 1)));

        await recorder.PostAsync();
        Assert.DoesNotContain("sending", await StatusesAsync());
    }

    [Fact]
    public async Task AnOutcomeIsEnteredThoughTheIssueWasPausedMeanwhile()
    {
        var batch = await ClaimAsync(2);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));
        await Database.ExecuteAsync("update issues set state = 'paused'");

        Assert.False(await recorder.RecordAsync(Outcome(batch, 1, "accepted"), Key(batch, 2)));

        await recorder.PostAsync();
        Assert.Equal(["accepted", "pending"], await StatusesAsync());
    }

    [Fact]
    public async Task RepliesThatNoDatabaseTakesAreMadeStorable()
    {
        var batch = await ClaimAsync(3);
        await using var recorder = NewRecorder();
        await Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(null, Key(batch, delivery.Seq))));

        await Task.WhenAll(
            recorder.RecordAsync(Outcome(batch, 1, "accepted", new SmtpReply(250, "2.0.0", "nul \0 here"), "queue\0id"), null),
            recorder.RecordAsync(Outcome(batch, 2, "rejected", new SmtpReply(550, "5.1.1", "half \ud83d a pair"), null, suppress: true), null),
            recorder.RecordAsync(Outcome(batch, 3, "rejected", new SmtpReply(554, null, new string('x', 100_000)), null), null));

        await recorder.PostAsync();
        Assert.Equal(["accepted", "rejected", "rejected"], await StatusesAsync());
        Assert.Equal("queue id", await Database.ScalarAsync<string>("select queue_id from deliveries where seq = 1"));
        Assert.Equal("550 5.1.1 half \ufffd a pair", await Database.ScalarAsync<string>("select evidence from suppressions"));
        Assert.Equal(500, await Database.ScalarAsync<int>("select max(length(text)) from smtp_details"));
    }

    [Fact]
    public async Task AnOutcomeTheDatabaseRefusesCostsTheOthersNothingAndItselfOnlyItsWords()
    {
        var batch = await ClaimAsync(20);
        await using var recorder = NewRecorder();
        await Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(null, Key(batch, delivery.Seq))));

        // No relay has a code that is larger than a smallint, but a defect might.
        await Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(
            Outcome(batch, delivery.Seq, "accepted", new SmtpReply(delivery.Seq == 7 ? 40_000 : 250, null, "Ok")), null)));

        await recorder.PostAsync();
        Assert.Equal(20L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted'"));
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

    // What was begun stands in the journal alone, and the reader is deferred before that is posted.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatWasEnteredAtOnceIsNotPostedOver(bool postedBetween)
    {
        var batch = await ClaimAsync(2);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));
        if (postedBetween)
            await recorder.PostAsync();

        await recorder.RecordAsync(Outcome(batch, 1, "deferred") with { RetryIn = TimeSpan.FromMinutes(5) }, Key(batch, 2));

        await recorder.PostAsync();
        Assert.Equal(["deferred", "sending"], await StatusesAsync());
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from ledger_journal"));
    }

    // Thousands of outcomes of which every fifth is entered at once, while the rest is posted again and again.
    [Fact]
    public async Task DirectAndPostedOutcomesNeverUndoEachOther()
    {
        var batch = await ClaimAsync(2_000);
        await using var recorder = NewRecorder();

        await Parallel.ForEachAsync(batch.Deliveries, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (delivery, _) =>
        {
            await recorder.RecordAsync(null, Key(batch, delivery.Seq));
            await recorder.RecordAsync(
                delivery.Seq % 5 == 0 ? Outcome(batch, delivery.Seq, "deferred") with { RetryIn = TimeSpan.FromMinutes(5) } : Outcome(batch, delivery.Seq, "accepted"), null);
            if (delivery.Seq % 50 == 0)
                await recorder.PostAsync();
        });
        await recorder.PostAsync();

        Assert.Equal(
            ["accepted 1600 1", "deferred 400 1"],
            await Database.ListAsync<string>("select status || ' ' || count(*) || ' ' || max(attempts) from deliveries group by status order by 1"));
    }

    // The first try stalls in its commit, and is given up there but not here.
    [Fact]
    public async Task AWriteWhoseFirstTryIsCommittedLateIsFoundThere()
    {
        var batch = await ClaimAsync(2);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var firstTry = await connection.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand(
            "insert into ledger_journal select issue_id, batch_no, fence, writer, write_no + 1, $1 from ledger_journal", connection))
        {
            command.Parameters.Add(new Npgsql.NpgsqlParameter
            {
                Value = LedgerLine.Write([new(1, LedgerMark.Accepted, Code: 250, QueueId: "Q1"), new(2, LedgerMark.Begun)]),
            });
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        var second = recorder.RecordAsync(Outcome(batch, 1, "accepted", queue: "Q1"), Key(batch, 2));
        await Task.WhenAny(second, Task.Delay(300));
        await firstTry.CommitAsync();

        Assert.True(await second);
        await recorder.PostAsync();
        Assert.Equal(["accepted Q1", "sending"], await Database.ListAsync<string>("select concat_ws(' ', status::text, queue_id) from deliveries order by seq"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from ledger_journal"));
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

    // Whatever keeps it from being posted: nothing is let go, and no batch is closed over it.
    [Fact]
    public async Task WhatCanNotBePostedIsKeptUntilItCan()
    {
        var batch = await ClaimAsync(3);
        await Database.ExecuteAsync("alter table deliveries add constraint refused check (queue_id is distinct from 'bad')");
        await using var recorder = NewRecorder();
        foreach (var delivery in batch.Deliveries)
        {
            await recorder.RecordAsync(null, Key(batch, delivery.Seq));
            await recorder.RecordAsync(Outcome(batch, delivery.Seq, "accepted", queue: delivery.Seq == 2 ? "bad" : "good"), null);
        }

        await Assert.ThrowsAsync<Npgsql.PostgresException>(recorder.PostAsync);
        await Room.Batches.CompleteAsync(batch, default);
        await Room.Batches.GiveBackAsync(batch, TimeSpan.Zero, default);
        Assert.Equal("leased", await Database.ScalarAsync<string>("select state from batches"));

        await Database.ExecuteAsync("alter table deliveries drop constraint refused");
        await UntilAsync(async () => (await StatusesAsync()).All(status => status == "accepted"), "all of it was posted");
        await Room.Batches.CompleteAsync(batch, default);
        Assert.Equal("done", await Database.ScalarAsync<string>("select state from batches"));
    }

    [Fact]
    public async Task WhileTheDatabaseIsAwayWhatIsToBePostedIsHeld()
    {
        var batch = await ClaimAsync(1);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));
        await recorder.RecordAsync(Outcome(batch, 1, "accepted"), null);
        await CutEveryConnectionAsync();
        await Database.ExecuteAsync("alter table deliveries rename to away");

        var posting = recorder.PostAsync();
        await Task.WhenAny(posting, Task.Delay(500));
        Assert.False(posting.IsCompleted);
        await Database.ExecuteAsync("alter table away rename to deliveries");
        await posting;

        Assert.Equal(["accepted"], await StatusesAsync());
    }

    [Fact]
    public async Task ARecorderThatIsClosedPostsNothingMore()
    {
        var recorder = NewRecorder();
        await recorder.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(recorder.PostAsync);
    }

    [Fact]
    public async Task WhatIsRecordedIsPostedWithoutBeingAskedFor()
    {
        var batch = await ClaimAsync(1);
        await using var recorder = NewRecorder();
        await recorder.RecordAsync(null, Key(batch, 1));
        await recorder.RecordAsync(Outcome(batch, 1, "accepted"), null);

        await UntilAsync(async () => (await StatusesAsync()) is ["accepted"], "the outcome was posted");
    }

    [Fact]
    public async Task WhileTheDatabaseIsAwayOutcomesAreHeldAndNoneIsLost()
    {
        var batch = await ClaimAsync(50);
        await using var recorder = NewRecorder();
        await Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(null, Key(batch, delivery.Seq))));
        await CutEveryConnectionAsync();
        await Database.ExecuteAsync("alter table ledger_journal rename to away");

        var writing = Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(Outcome(batch, delivery.Seq, "accepted"), null)));
        await Task.WhenAny(writing, Task.Delay(500));
        Assert.False(writing.IsCompleted);
        await Database.ExecuteAsync("alter table away rename to ledger_journal");
        await writing;
        await recorder.PostAsync();

        Assert.Equal(50L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'accepted' and attempts = 1"));
    }

    [Fact]
    public async Task ConnectionsToTheDatabaseCutAgainAndAgainLoseNothingAndRepeatNothing()
    {
        var issue = await Room.FreezeIssueAsync(300);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(10)));
        var working = Room.Worker.WorkAsync();
        for (var cut = 1; cut <= 5; cut++)
        {
            await Room.Inbox.Messages.WaitForAsync(cut * 40, Patience);
            await CutEveryConnectionAsync();
        }

        await working;
        // A batch whose end could not be entered is closed by whoever takes its lease over.
        var successor = Room.NewWorker(options => options.LeaseSeconds = 1);
        await UntilAsync(
            async () =>
            {
                await Room.ExpireLeasesAsync();
                await successor.WorkAsync();
                return (await Room.ReceiptAsync(issue)).State == "finished";
            },
            "the issue finished");

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 300L, 0L), (receipt.State, receipt.Accepted, receipt.Resent));
        Assert.Equal((300L, 300L), (Room.Inbox.Messages.Count, Room.Inbox.Messages.DistinctRecipients));
    }

    [Fact]
    public async Task ARecorderThatIsClosedTakesNothingMore()
    {
        var batch = await ClaimAsync(1);
        var recorder = NewRecorder();
        await recorder.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => recorder.RecordAsync(null, Key(batch, 1)));
    }

    [Fact]
    public async Task ClosingWritesWhatIsLeft()
    {
        var batch = await ClaimAsync(50);
        var recorder = NewRecorder();
        var writing = Task.WhenAll(batch.Deliveries.Select(delivery => recorder.RecordAsync(null, Key(batch, delivery.Seq))));

        await recorder.DisposeAsync();

        Assert.All(await writing, Assert.True);
    }

    private LedgerRecorder NewRecorder() => new(new LedgerStore(DataSource), new LedgerPostingStore(DataSource), TimeProvider.System, NullLogger<LedgerRecorder>.Instance);

    private LedgerWrite Saying(IReadOnlyList<LedgerEntry> outcomes, IReadOnlyList<DeliveryKey> next) => new(_writer, ++_writes, outcomes, next);

    private async Task PostAsync(LedgerWritten written)
    {
        await using var session = await new LedgerPostingStore(DataSource).OpenAsync(default);
        await LedgerPostingStore.PostAsync(session, _writer, written.Pages, default);
    }

    private async Task<ClaimedBatch> ClaimAsync(int readers)
    {
        Room.Scheduling.UseBatchesOf(readers);
        await Room.FreezeIssueAsync(readers);
        return await ClaimAsync();
    }

    private async Task<ClaimedBatch> ClaimAsync(NewsletterProfile newsletter)
    {
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        return await ClaimAsync();
    }

    private async Task<ClaimedBatch> ClaimAsync() =>
        (await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), true, TimeSpan.FromSeconds(1), default))!;

    private async Task CutEveryConnectionAsync()
    {
        // Over another database: this one's own connection would be cut as well.
        await using var other = Npgsql.NpgsqlDataSource.Create((await PostgresFixture.GetAsync()).ConnectionString("postgres", 1));
        await using var command = other.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = Database.Name });
        await command.ExecuteNonQueryAsync();
        await UntilAsync(
            async () =>
            {
                try
                {
                    return await Database.ScalarAsync<int>("select 1") == 1;
                }
                catch (Npgsql.NpgsqlException)
                {
                    // A pooled connection that was cut.
                    return false;
                }
            },
            "the database answers");
    }

    private Task<IReadOnlyList<string>> StatusesAsync() => Database.ListAsync<string>("select status::text from deliveries order by seq");

    private static DeliveryKey Key(ClaimedBatch batch, int seq) => new(batch.PartKey, batch.IssueId, seq, batch.BatchNo, batch.Fence);

    private static LedgerEntry Outcome(ClaimedBatch batch, int seq, string status, SmtpReply? reply = null, string? queue = null, bool suppress = false) => new()
    {
        Key = Key(batch, seq),
        Status = status,
        Reply = reply ?? new SmtpReply(250, "2.0.0", "Ok"),
        QueueId = queue,
        CountedAttempts = 1,
        Suppress = suppress,
    };

    private static string Word(int number) => string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(digit => (char)('a' + digit - '0')));
}
