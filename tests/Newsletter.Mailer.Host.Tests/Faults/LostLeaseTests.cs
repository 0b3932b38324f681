using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>F13 to F15: two workers on one issue, one of them held past its lease, or with a wrong clock.</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Faults")]
public sealed class LostLeaseTests(FaultServer shared)
{
    private static FaultScript Slowly => FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(100));

    [Fact]
    public async Task TwoWorkersOnOneIssueSendNothingTwice()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly);
        await field.StartTwoAsync([], []);

        var issue = await field.FreezeAsync(FaultForm.Pick(1_000, 10_000));

        await BothSendAsync(field);
        await field.FinishedAsync(issue);
        var line = await new Promise("F13").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    [Fact]
    public async Task AWorkerHeldPastItsLeaseIsFencedWhenItGoesOn()
    {
        await using var field = await FaultField.OpenAsync(shared.Server, Slowly);
        var issue = await field.FreezeAsync(FaultForm.Pick(1_500, 10_000));
        var held = field.StartWorker();
        await field.ArrivedAsync(100);
        field.Hold(held);
        field.StartWorker();
        await field.UntilAsync(async () => await field.Room.Database.ScalarAsync<long>("select count(*) from batches where fence > 1") > 0, "a take-over");

        held.Continue();

        await field.FinishedAsync(issue);
        var line = await field.Promise("F14").CheckAsync(field.Room, issue);
        Assert.Equal(0L, line.Unknown);
    }

    [Fact]
    [Trait("Category", "Faketime")]
    public async Task AWorkerWhoseClockIsTwoHoursOffSendsNothingTwiceAndHoldsNothingUp()
    {
        await using var field = await FaultField.OpenAsync(
            shared.Server, Slowly.At(FaultPoint.Rcpt).ToShareOfRecipients(0.1).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Later"));
        var (ahead, _) = await field.StartTwoAsync(Clock("+2h"), Clock("-2h"));
        Assert.Equal([-2, 2], await field.Room.Database.ListAsync<int>(
            "select round(extract(epoch from (data ->> 'StartedAt')::timestamptz - now()) / 3600)::integer as ahead from hangfire.server where id like '%:issues:%' order by ahead"));

        var issue = await field.FreezeAsync(FaultForm.Pick(1_000, 10_000));
        await BothSendAsync(field);
        // Whoever stays must not wait for a sweep that the other put off by hours.
        ahead.Terminate();

        await field.FinishedAsync(issue);
        var line = await new Promise("F15").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }

    // They share the relay's connections, and each says how many it has in use.
    private static Task BothSendAsync(FaultField field) => field.UntilAsync(
        async () => await field.Room.Database.ScalarAsync<long>("select count(*) from relay_workers where in_use > 0 and lease_until > now()") == 2, "both send");

    private static (string, string)[] Clock(string offset) =>
    [
        ("LD_PRELOAD", Directory.GetDirectories("/usr/lib", "*-linux-gnu").Select(each => Path.Combine(each, "faketime", "libfaketime.so.1")).First(File.Exists)),
        ("FAKETIME", offset),
        ("NO_FAKE_STAT", "1"),
    ];
}
