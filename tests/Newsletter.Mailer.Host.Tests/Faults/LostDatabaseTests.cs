using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>F3, F4, F16, F22: PostgreSQL crashes, stays away, runs out of disk, or has few connections to give.</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Faults")]
public sealed class LostDatabaseTests(FaultServer shared)
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(FaultForm.Pick(4, 60));

    private static FaultScript Slowly => FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(20));

    [Fact]
    public async Task WhenPostgresCrashesAndComesBackNobodyIsLostAndNothingComesTwice()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly);
        var issue = await field.FreezeAsync(FaultForm.Pick(600, 5_000));
        field.StartWorker();
        await field.ArrivedAsync(200);

        await field.Server.CrashAsync();
        await Task.Delay(Outage);
        await AssertStandsStillAsync(field);
        await field.StartServerAgainAsync();

        await field.FinishedAsync(issue);
        var line = await new Promise("F3").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    [Fact]
    public async Task AWorkerKilledWhilePostgresIsAwayLosesNobody()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly);
        var issue = await field.FreezeAsync(FaultForm.Pick(600, 5_000));
        var worker = field.StartWorker();
        await field.ArrivedAsync(200);
        // What was in flight when the database went away can't be entered before it is back, and its connection may be closed for idleness by then.
        var open = field.Inbox.ConnectionsOpen;

        await field.Server.CrashAsync();
        await Task.Delay(Outage / 2);
        field.Kill(worker);
        await Task.Delay(Outage / 2);
        await field.StartServerAgainAsync();
        field.StartWorker();

        await field.FinishedAsync(issue);
        await new Promise("F4", field.Kills, Math.Max(open, field.Connections)).CheckAsync(field.Room, issue);
    }

    [Fact]
    [Trait("Category", "Mount")]
    public async Task WhenTheDiskIsFullSendingStopsAndWithRoomAgainItGoesOn()
    {
        await using var server = await CrashableServer.StartAsync(diskMegabytes: 400);
        await using var field = await FaultField.OpenAsync(server, FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(100)));
        var issue = await field.FreezeAsync(FaultForm.Pick(2_000, 10_000), batch: 100);
        field.StartWorker();
        await field.ArrivedAsync(200);

        using (server.FillDisk())
        {
            await server.UseUpLogAsync();
            await field.UntilAsync(() => Task.FromResult(server.Log.Contains("No space left on device", StringComparison.Ordinal)), "the disk was full");
            await AssertStandsStillAsync(field);
            Assert.InRange(field.Inbox.Messages.Count, 200, FaultForm.Pick(1_900, 9_900));
        }

        // PostgreSQL gives up when it can't write its log; whoever made room starts it again.
        if (!await server.AnswersAsync())
            await field.StartServerAgainAsync();
        field.Room.Database.DataSource.Clear();
        await field.FinishedAsync(issue);
        var line = await new Promise("F16").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    [Fact]
    public async Task WithFiveConnectionsToTheDatabaseItIsSlowAndLosesNobody()
    {
        await using var field = await FaultField.OpenAsync(shared.Server);
        field.Set("Database__MaxPoolSize", "5");
        field.Set("Database__ConnectTimeoutSeconds", "3");
        field.Set("Delivery__Senders", "6");
        field.Set("Delivery__Relays__0__MaxConnections", "24");
        field.Set("ConnectionStrings__Newsletter", field.Room.Database.ConnectionString.Replace("Maximum Pool Size=20", "Maximum Pool Size=5", StringComparison.Ordinal));
        var issue = await field.FreezeAsync(FaultForm.Pick(1_000, 10_000), batch: 10);

        var worker = field.StartWorker();

        await field.FinishedAsync(issue);
        Assert.False(worker.HasExited);
        var line = await new Promise("F22").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    // What was in flight arrives; after that nothing may leave whose intent can't be written.
    private static async Task AssertStandsStillAsync(FaultField field)
    {
        await Task.Delay(TimeSpan.FromSeconds(1));
        var count = field.Inbox.Messages.Count;
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal(count, field.Inbox.Messages.Count);
    }
}
