using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What finds what was left: due retries, strays, issues that are done.</summary>
public sealed class SweepTests : MailroomTest
{
    private RetryStore Retries => new(DataSource);

    [Fact]
    public async Task DueRetriesBecomeBatchesAfterThoseThereAre()
    {
        var issue = await Room.FreezeIssueAsync(100);
        await DeferAsync(issue, "seq % 2 = 0", "now()");
        await DeferAsync(issue, "seq % 2 = 1 and seq < 10", "now() + interval '1 hour'");

        Assert.Equal(50, await Retries.GatherAsync(20, default));

        Assert.Equal(
            ["1 first 1-50 50", "2 first 51-100 50", "3 retry 2-40 20", "4 retry 42-80 20", "5 retry 82-100 10"],
            await Database.ListAsync<string>("select concat(batch_no, ' ', kind, ' ', first_seq, '-', last_seq, ' ', size) from batches order by batch_no"));
        Assert.Equal([20L, 20L, 10L], await Database.ListAsync<long>("select count(*) from retries where batch_no is not null group by batch_no order by batch_no"));
        Assert.Equal(5L, await Database.ScalarAsync<long>("select count(*) from retries where batch_no is null"));
        Assert.Equal(0, await Retries.GatherAsync(20, default));
    }

    [Fact]
    public async Task RetriesOfAnIssueThatIsNotSendingWait()
    {
        var issue = await Room.FreezeIssueAsync(10);
        await DeferAsync(issue, "true", "now()");
        await Database.ExecuteAsync("update issues set state = 'paused'");

        Assert.Equal(0, await Retries.GatherAsync(20, default));
    }

    [Fact]
    public async Task SweepsAtOnceGatherEachRetryOnce()
    {
        var issue = await Room.FreezeIssueAsync(200);
        for (var round = 0; round < 5; round++)
        {
            await Database.ExecuteAsync("delete from retries; delete from batches where kind = 'retry'");
            await DeferAsync(issue, "true", "now()");

            var gathered = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Retries.GatherAsync(10, default))));

            Assert.Equal(200, gathered.Sum());
            Assert.Equal(20L, await Database.ScalarAsync<long>("select count(*) from batches where kind = 'retry' and size = 10"));
        }
    }

    [Fact]
    public async Task RowsThatNothingWaitsForGetTheirTurn()
    {
        var issue = await Room.FreezeIssueAsync(10);
        // As if a process had died between closing a batch and whatever should have come before.
        await Database.ExecuteAsync("update deliveries set status = 'deferred' where seq = 2; update deliveries set status = 'sending' where seq in (3, 4); update deliveries set resends = 1 where seq = 4; update batches set state = 'done'");

        await Room.Worker.WorkAsync();
        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(issue);
        Assert.Equal(("finished", 9L, 1L, true), (receipt.State, receipt.Accepted, receipt.Unknown, receipt.Balanced));
        Assert.Equal(["accepted 1", "unknown 1"], await Database.ListAsync<string>("select concat(status, ' ', resends) from deliveries where seq in (3, 4) order by seq"));
    }

    [Fact]
    public async Task UnderThePolicyLeaveAStrayInFlightIsUnknownForGood()
    {
        Room.Scheduling.UnknownPolicy = "leave";
        var issue = await Room.FreezeIssueAsync(2);
        await Database.ExecuteAsync("update deliveries set status = case seq when 1 then 'sending' else 'accepted' end::delivery_status; update batches set state = 'done'");

        await Room.Worker.WorkAsync();
        await Room.Worker.WorkAsync();

        Assert.Equal(("finished", 1L, 0L), ((await Room.ReceiptAsync(issue)).State, (await Room.ReceiptAsync(issue)).Unknown, Room.Inbox.Messages.Count));
    }

    [Fact]
    public async Task RowsWhoseBatchIsOpenAreNoStrays()
    {
        await Room.FreezeIssueAsync(10);
        await Database.ExecuteAsync("update deliveries set status = 'sending' where seq = 3");

        await Room.Worker.Sweep.RunAsync(default);

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from retries"));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from deliveries where status = 'sending'"));
    }

    [Theory]
    [InlineData("update deliveries set status = 'accepted' where seq > 1")]
    [InlineData("update deliveries set status = 'accepted'; insert into retries (issue_id, seq, since, next_at) select id, 1, now(), now() + interval '1 hour' from issues")]
    [InlineData("update deliveries set status = 'accepted'; update issues set audience = 11")]
    [InlineData("update deliveries set status = 'accepted'; update batches set state = 'ready'")]
    [InlineData("update deliveries set status = 'accepted'; update issues set state = 'paused'")]
    public async Task AnIssueWhoseReceiptDoesNotBalanceIsNotFinished(string sql)
    {
        var issue = await Room.FreezeIssueAsync(10);
        await Database.ExecuteAsync("update batches set state = 'done'");
        await Database.ExecuteAsync(sql);

        Assert.False(await Room.Issues.TryFinishAsync(issue, default));
    }

    [Fact]
    public async Task ASweepSaysWhetherThereIsSomethingToSend()
    {
        Assert.False(await Room.Worker.Sweep.RunAsync(default));
        await Room.FreezeIssueAsync(10);
        Assert.True(await Room.Worker.Sweep.RunAsync(default));
        await Room.Worker.SendAsync();
        Assert.False(await Room.Worker.Sweep.RunAsync(default));
    }

    private Task<int> DeferAsync(long issue, string which, string when) => Database.ExecuteAsync(
        $"with d as (update deliveries set status = 'deferred' where issue_id = $1 and {which} returning seq) insert into retries (issue_id, seq, since, next_at) select $1, seq, now(), {when} from d", issue);
}
