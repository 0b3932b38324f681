using System.Diagnostics;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>F1 and F2: a worker is killed, or asked to end, in the middle of an issue.</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Faults")]
public sealed class KilledWorkerTests(FaultServer shared)
{
    private static readonly TimeSpan ToResume = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task KilledAtRandomPointsNobodyIsLostAndNoMoreThanWasInFlightComesTwice()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly(FaultForm.Pick(20, 10)));
        var readers = FaultForm.Pick(1_200, 10_000);
        var issue = await field.FreezeAsync(readers, batch: FaultForm.Pick(50, 100));
        // Not so near the end that nothing is left to resume.
        var points = Points(FaultForm.Kills(4), readers * 9 / 10);
        var worker = field.StartWorker();

        foreach (var point in points)
        {
            await field.ArrivedAsync(point);
            field.Kill(worker);
            await AssertAtMostOneInFlightAConnectionAsync(field, issue);
            worker = field.StartWorker();
            await AssertResumesAsync(field, worker);
        }

        await field.FinishedAsync(issue);
        await field.Promise("F1").CheckAsync(field.Room, issue);
    }

    [Fact]
    public async Task AskedToEndItFinishesWhatIsInFlightAndGivesTheRestBack()
    {
        var reply = TimeSpan.FromSeconds(FaultForm.Pick(3, 25));
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly(20));
        var issue = await field.FreezeAsync(400);
        var worker = field.StartWorker();
        await field.ArrivedAsync(60);
        field.Inbox.Play(FaultScript.None.At(FaultPoint.EndOfData).Delay(reply));
        await field.UntilAsync(() => Task.FromResult(field.Inbox.TimesFired("EndOfData") >= 8), "eight messages waiting for their reply");

        worker.Terminate();

        Assert.Equal(0, await worker.EndAsync(FaultField.Patience));
        Assert.Equal(0L, await field.Room.Database.ScalarAsync<long>("select count(*) from deliveries where status in ('sending', 'unknown')"));
        Assert.Equal(0L, await field.Room.Database.ScalarAsync<long>("select count(*) from batches where state = 'leased'"));
        field.Inbox.Play(FaultScript.None);
        field.StartWorker();
        await field.FinishedAsync(issue);
        var line = await new Promise("F2").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    [Fact]
    public async Task AskedToEndWhileTheRelaySaysNothingWhatIsInFlightBecomesUnknown()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly(20));
        field.Set("Web__ShutdownSeconds", "8");
        var issue = await field.FreezeAsync(400);
        var worker = field.StartWorker();
        await field.ArrivedAsync(60);
        field.Inbox.Play(FaultScript.None.At(FaultPoint.EndOfData).KeepingMessage().GoSilent());
        await field.UntilAsync(() => Task.FromResult(field.Inbox.TimesFired("EndOfData") >= 8), "eight messages waiting for their reply");

        worker.Terminate();
        await worker.EndAsync(FaultField.Patience);

        field.Inbox.Play(FaultScript.None);
        field.StartWorker();
        await field.FinishedAsync(issue);
        // Its end is as good as a kill: one a connection, eight connections.
        var line = await new Promise("F2", Kills: 1, Connections: 8).CheckAsync(field.Room, issue);
        Assert.Equal(8, line.Copies);
    }

    private static FaultScript Slowly(int milliseconds) => FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(milliseconds));

    private static int[] Points(int count, int below)
    {
        var random = new Random(FaultForm.Seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1, below)).Order()];
    }

    // What an earlier kill left in flight may still wait for its lease to run out.
    private static async Task AssertAtMostOneInFlightAConnectionAsync(FaultField field, long issue) =>
        Assert.InRange(await field.InFlightAsync(issue), 0, field.Connections);

    // From when it is up: how long a program takes to start on a loaded machine is not the point.
    private static async Task AssertResumesAsync(FaultField field, ProgramProcess worker)
    {
        var before = field.Inbox.Messages.Count;
        await field.UntilAsync(() => Task.FromResult(worker.Said.Contains("Working.", StringComparison.Ordinal)), "a worker that is up");
        var up = Stopwatch.GetTimestamp();
        await field.ArrivedAsync(before + 1);
        Assert.InRange(Stopwatch.GetElapsedTime(up), TimeSpan.Zero, ToResume);
    }
}
