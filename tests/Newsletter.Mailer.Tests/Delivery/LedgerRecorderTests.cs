using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The one place where outcomes and intents become durable.</summary>
public sealed class LedgerRecorderTests : LedgerTest
{
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
}
