using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Testing;

/// <summary>What one worker process has of the room Delivery: connections, recorder, guard, sender and sweep of its own.</summary>
public sealed class MailWorker : IAsyncDisposable
{
    /// <param name="room">Where it works.</param>
    /// <param name="relays">Its relays, ids included.</param>
    /// <param name="transport">Opens connections.</param>
    /// <param name="options">Its options.</param>
    /// <param name="logs">Takes its log.</param>
    public MailWorker(Mailroom room, IReadOnlyList<Relay> relays, IMailTransport transport, DeliveryOptions options, ILoggerFactory logs)
    {
        Options = options;
        Relays = new BulkRelays(new RelayPool(relays, transport, TimeProvider.System));
        Recorder = new LedgerRecorder(new LedgerStore(room.Database.DataSource), new LedgerPostingStore(room.Database.DataSource), TimeProvider.System, logs.CreateLogger<LedgerRecorder>());
        Guard = new IssueGuard(room.Issues, Relays, options, TimeProvider.System, logs.CreateLogger<IssueGuard>());
        Sender = new BatchSender(new SendingParts
        {
            Rejections = new RejectionSorting(),
            Batches = room.Batches,
            Demand = new DemandStore(room.Database.DataSource),
            Recorder = Recorder,
            Relays = Relays,
            Guard = Guard,
            Contact = new DatabaseContact(TimeProvider.System),
            Keys = room.Keys,
            Site = room.Site,
            ReturnPaths = options.BounceAddress is { } bounce && ReturnPaths.TryCreate(bounce, out var paths) is null ? paths : null,
            Options = options,
            Clock = TimeProvider.System,
            Log = logs.CreateLogger<BatchSender>(),
        });
        Demand = new SenderDemand(new DemandStore(room.Database.DataSource), room.Issues, Guard, Sender, Relays, new DatabaseContact(TimeProvider.System), options);
        Sweep = new DeliverySweep(new RetryStore(room.Database.DataSource), room.Batches, room.Issues, Guard, options);
    }

    /// <summary>As it was made with; changes take effect at once.</summary>
    public DeliveryOptions Options { get; }

    /// <summary>Its connections.</summary>
    public BulkRelays Relays { get; }

    /// <summary>Writes its outcomes.</summary>
    public LedgerRecorder Recorder { get; }

    /// <summary>Watches its issues.</summary>
    public IssueGuard Guard { get; }

    /// <summary>Sends.</summary>
    public BatchSender Sender { get; }

    /// <summary>Says whether it should send more.</summary>
    public SenderDemand Demand { get; }

    /// <summary>Tends what was sent.</summary>
    public DeliverySweep Sweep { get; }

    /// <summary>Sends what is ready.</summary>
    public Task<SenderRun> SendAsync(CancellationToken stop = default) => Sender.RunAsync(stop);

    /// <summary>Sends and sweeps until nothing more can be sent now, as the jobs of a process would.</summary>
    public async Task WorkAsync(int rounds = 50)
    {
        for (var round = 0; round < rounds; round++)
        {
            await SendAsync();
            if (!await Sweep.RunAsync(default))
                return;
        }

        throw new InvalidOperationException($"After {rounds} rounds there still is something to send.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Sender.EndAsync(default);
        await Recorder.DisposeAsync();
        await Relays.DisposeAsync();
    }
}
