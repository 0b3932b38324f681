using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What workers share, and that it holds for all of them together.</summary>
public sealed class PaceStoreTests : DatabaseTest
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();
    private int _relay;

    private PaceStore Store => new(DataSource);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _relay = (await new RelayStore(DataSource).IdsOf(["relay"], default))["relay"];
    }

    [Fact]
    public async Task ConnectionsAreSharedAndNeverMoreThanTheRelayAllows()
    {
        Assert.Equal(8, await LendAsync(_one, cap: 8, inUse: 0));
        Assert.Equal(0, await LendAsync(_other, cap: 8, inUse: 0));

        // The first finishes what it has in flight before it lets go.
        Assert.Equal(4, await LendAsync(_one, cap: 8, inUse: 8));
        Assert.Equal(0, await LendAsync(_other, cap: 8, inUse: 0));
        Assert.Equal(4, await LendAsync(_one, cap: 8, inUse: 4));
        Assert.Equal(4, await LendAsync(_other, cap: 8, inUse: 0));
    }

    [Fact]
    public async Task OneThatWantsNoneLeavesAllToTheOther()
    {
        await LendAsync(_one, cap: 8, inUse: 0, wanted: 0);

        Assert.Equal(8, await LendAsync(_other, cap: 8, inUse: 0));
    }

    [Fact]
    public async Task ADeadWorkersConnectionsAreFreeOnceItsLeaseIsOver()
    {
        await LendAsync(_one, cap: 3, inUse: 3);
        Assert.Equal(0, await LendAsync(_other, cap: 3, inUse: 0));

        await Database.ExecuteAsync("update relay_workers set lease_until = now() - interval '1 second' where worker = $1", _one);

        Assert.Equal(3, await LendAsync(_other, cap: 3, inUse: 0));
        // Should the first still live, it finds itself without any.
        Assert.Equal(0, await LendAsync(_one, cap: 3, inUse: 3));
    }

    [Fact]
    public async Task AskedAtTheSameTimeNoConnectionIsLentTwice()
    {
        var workers = Enumerable.Range(0, 6).Select(_ => Guid.NewGuid()).ToList();

        await Task.WhenAll(workers.Select(worker => Task.Run(() => LendAsync(worker, cap: 4, inUse: 0))));

        Assert.InRange(await Database.ScalarAsync<long>("select sum(slots) from relay_workers"), 1, 4);
    }

    [Fact]
    public async Task ABucketRefillsByTheDatabasesClockUpToASecondsWorth()
    {
        Assert.Equal(1, (await DrawAsync(ceiling: 0.01)).Granted);
        var empty = await DrawAsync(ceiling: 0.01);
        Assert.Equal((0, 0.01, 1.0), (empty.Granted, empty.PerSecond, empty.Wait.TotalSeconds));
        await PassAsync(seconds: 101);
        Assert.Equal(1, (await DrawAsync(ceiling: 0.01)).Granted);

        await PassAsync(seconds: 3600);

        Assert.Equal(20, (await DrawAsync(ceiling: 20)).Granted);
    }

    [Fact]
    public async Task EachWorkerDrawsItsPartAndTogetherNoMoreThanThereIs()
    {
        await LendAsync(_one, cap: 8, inUse: 0);
        await LendAsync(_other, cap: 8, inUse: 0);
        await DrawAsync(ceiling: 10);
        await PassAsync(seconds: 3600);
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => DrawAsync(ceiling: 10))));

        // What came in while they drew is there as well.
        Assert.InRange(answers.Sum(answer => answer.Granted), 10, 10 + (10 * watch.Elapsed.TotalSeconds));
        Assert.All(answers, answer => Assert.InRange(answer.Granted, 0, 5));
        Assert.All(answers, answer => Assert.Equal(5, answer.PerSecond));
    }

    [Fact]
    public async Task AComplaintHalvesOnceInTenSecondsAndNeverBelowTheFloor()
    {
        Assert.Equal(20, (await DrawAsync(ceiling: 40, complaint: true)).PerSecond);
        Assert.Equal(20, (await DrawAsync(ceiling: 40, complaint: true)).PerSecond);

        for (var i = 0; i < 12; i++)
        {
            await Database.ExecuteAsync("update relay_buckets set slowed_at = slowed_at - interval '11 seconds'");
            await DrawAsync(ceiling: 40, complaint: true);
        }

        Assert.Equal(0.1, (await DrawAsync(ceiling: 40)).PerSecond);
    }

    [Fact]
    public async Task APaceRecoversATenthAMinuteUntilItIsWhatItWas()
    {
        await DrawAsync(ceiling: 40, complaint: true);
        Assert.Equal(20, (await DrawAsync(ceiling: 40)).PerSecond);

        await MinuteAsync();
        Assert.Equal(22, (await DrawAsync(ceiling: 40)).PerSecond!.Value, 6);
        Assert.Equal(22, (await DrawAsync(ceiling: 40)).PerSecond!.Value, 6);
        for (var i = 0; i < 7; i++)
        {
            await MinuteAsync();
            await DrawAsync(ceiling: 40);
        }

        Assert.Equal(40, (await DrawAsync(ceiling: 40)).PerSecond);
        Assert.Null(await Database.ScalarAsync<double?>("select slowed_to from relay_buckets"));
    }

    [Fact]
    public async Task AGroupWithoutARateIsHalvedFromWhatWasSentAndIsFreeAgainThere()
    {
        Assert.Null((await DrawAsync(ceiling: null)).PerSecond);
        await Database.ExecuteAsync("update relay_buckets set counted_at = now() - interval '4 seconds'");
        await DrawAsync(ceiling: null, sent: 400);
        Assert.InRange(await Database.ScalarAsync<double>("select measured from relay_buckets"), 5, 100);
        await Database.ExecuteAsync("update relay_buckets set measured = 100, counted = 0");

        Assert.Equal(50, (await DrawAsync(ceiling: null, complaint: true)).PerSecond);

        for (var i = 0; i < 8; i++)
        {
            await MinuteAsync();
            await DrawAsync(ceiling: null);
        }

        Assert.Null((await DrawAsync(ceiling: null)).PerSecond);
    }

    [Fact]
    public async Task NobodyHasCountedYetSoTwentyASecondAreHalved() =>
        Assert.Equal(10, (await DrawAsync(ceiling: null, complaint: true)).PerSecond);

    [Fact]
    public async Task ADayIsChargedToItsLastMessageAndNoFurtherWhoeverAsks()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => ChargeAsync(wish: 30, allowance: 100))));

        Assert.Equal(100, answers.Sum(answer => answer.Granted));
        var after = await ChargeAsync(wish: 30, allowance: 100);
        Assert.Equal((0, true), (after.Granted, after.IsOver));
        Assert.InRange(after.Left.TotalHours, 0, 24);

        await Store.GiveDayBackAsync(_relay, after.Day, 7, default);
        Assert.Equal(7, (await ChargeAsync(wish: 30, allowance: 100)).Granted);
    }

    [Fact]
    public async Task WhoeverThinksItIsAnotherDayIsToldAndChargedNothing()
    {
        var answer = await ChargeAsync(wish: 5, allowance: 100, days: 1);

        Assert.Equal((0, false), (answer.Granted, answer.IsOver));
        Assert.Equal(await TodayAsync(), answer.Day);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from relay_days"));
    }

    [Fact]
    public async Task WhatNothingLimitsIsCountedAfterwards()
    {
        await Store.CountDayAsync(new Dictionary<int, int> { [_relay] = 3 }, default);
        await Store.CountDayAsync(new Dictionary<int, int> { [_relay] = 4, [31_000] = 1 }, default);

        Assert.Equal([7], await Database.ListAsync<int>("select taken from relay_days"));
    }

    private async Task<int> LendAsync(Guid worker, int cap, int inUse, int? wanted = null) =>
        (await Store.LendConnectionsAsync(worker, [new ConnectionWish(_relay, cap, inUse, wanted ?? cap, null, null)], Lease, default))[_relay];

    private async Task<PaceAnswer> DrawAsync(double? ceiling, int sent = 0, bool complaint = false) =>
        Assert.Single(await Store.DrawAsync([new PaceQuestion(_relay, ceiling is null ? "google" : "", ceiling, true, sent, complaint)], default));

    private async Task<DayAnswer> ChargeAsync(int wish, int? allowance, int days = 0) =>
        Assert.Single(await Store.ChargeDayAsync([new DayQuestion(_relay, (await TodayAsync()).AddDays(days), allowance, wish)], default));

    private async Task<DateOnly> TodayAsync() =>
        DateOnly.FromDateTime(await Database.ScalarAsync<DateTime>("select (now() at time zone 'utc')::date::timestamp"));

    private Task<int> PassAsync(double seconds) =>
        Database.ExecuteAsync("update relay_buckets set refilled_at = refilled_at - make_interval(secs => $1)", seconds);

    private Task<int> MinuteAsync() =>
        Database.ExecuteAsync("update relay_buckets set slowed_at = slowed_at - interval '61 seconds', adjusted_at = adjusted_at - interval '61 seconds'");
}
