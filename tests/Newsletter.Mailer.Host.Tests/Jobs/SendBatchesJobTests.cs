using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Jobs;

public sealed class SendBatchesJobTests : MailroomTest
{
    private readonly Starts _jobs = new();
    private readonly Lifetime _lifetime = new();

    [Fact]
    public async Task WhenItsTimeIsUpAnotherTakesItsPlace()
    {
        await Room.FreezeIssueAsync(100);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(200)));

        await RunAsync(handOverSeconds: 1);

        Assert.Equal((1, 0), (_jobs.Replaced, _jobs.ToppedUp));
        Assert.InRange(Room.Inbox.Messages.Count, 1, 99);
    }

    [Fact]
    public async Task WhenNothingIsReadyItSimplyEnds()
    {
        await Room.FreezeIssueAsync(10);

        await RunAsync(handOverSeconds: 60);

        Assert.Equal((0, 0), (_jobs.Replaced, _jobs.ToppedUp));
        Assert.Equal(10, Room.Inbox.Messages.Count);
    }

    [Fact]
    public async Task WhenTheProgramStopsNobodyTakesItsPlaceHere()
    {
        await Room.FreezeIssueAsync(100);
        Relay(script => script.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(100)));
        var running = RunAsync(handOverSeconds: 60);
        await Room.Inbox.Messages.WaitForAsync(1, Patience);

        _lifetime.StopApplication();
        await running;

        Assert.Equal((0, 0), (_jobs.Replaced, _jobs.ToppedUp));
        Assert.InRange(Room.Inbox.Messages.Count, 1, 99);
    }

    private Task RunAsync(int handOverSeconds) =>
        new SendBatchesJob(Room.NewWorker(options => options.HandOverSeconds = handOverSeconds).Sender, _jobs, _lifetime).Run(default);

    private sealed class Starts : IJobStarter
    {
        public int Replaced { get; private set; }

        public int ToppedUp { get; private set; }

        public void ReplaceSender() => Replaced++;

        public void TopUpSenders() => ToppedUp++;

        public void StartSenders(int missing) => ToppedUp++;

        public void Publish(long editionId) => throw new NotSupportedException();

        public void PublishAt(long editionId, DateTimeOffset at) => throw new NotSupportedException();

        public void Freeze(long issueId) => throw new NotSupportedException();

        public void MergeImport(long importId) => throw new NotSupportedException();

        public void ChangeInBulk(long changeId) => throw new NotSupportedException();

        public void RollUpEngagement(long issueId) => throw new NotSupportedException();

        public void SendOutbox(long outboxId, TimeSpan delay = default) => throw new NotSupportedException();
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();
    }
}
