using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// The way of an issue in one process, from the schedule to the receipt: real stores over a <see cref="TestDatabase"/>, real SMTP to an
/// <see cref="InboxServer"/>. Waits that last minutes in life are seconds here or none.
/// </summary>
public sealed class Mailroom : IAsyncDisposable
{
    private readonly List<MailWorker> _workers = [];
    private readonly ILoggerFactory _logs;
    private MailWorker? _worker;

    private Mailroom(TestDatabase database, InboxServer inbox, ILoggerFactory logs)
    {
        (Database, Inbox, _logs) = (database, inbox, logs);
        var source = database.DataSource;
        Batches = new BatchStore(source);
        Issues = new IssueStore(source);
        Control = new IssueControl(Issues);
        Newsletters = new NewsletterStore(source);
        Schedule = new ScheduleStore(source);
        Freeze = new FreezeStore(source);
        Receipts = new ReceiptStore(source);
        Deliveries = new DeliveryReportStore(source);
        Unsubscribes = new UnsubscribeStore(source, new SubscriptionStore(source));
    }

    public TestDatabase Database { get; }

    /// <summary>The relay.</summary>
    public InboxServer Inbox { get; }

    public KeyRing Keys { get; } = KeyRing.Generate();

    public PublicSite Site { get; } = new(new Uri("https://news.example.com"));

    /// <summary>What every worker made from now on starts with.</summary>
    public DeliveryOptions Options { get; } = new()
    {
        BatchSize = 50,
        // Leases long enough that a machine under load never loses one by itself.
        LeaseSeconds = 60,
        RenewSeconds = 1,
        HandOverSeconds = 60,
        Senders = 1,
        RetryMinutes = [0],
        ResendUnknownSeconds = 0,
        PauseWithoutRelaySeconds = 1,
    };

    public SchedulingOptions Scheduling { get; } = new();

    public BatchStore Batches { get; }

    public IssueStore Issues { get; }

    public IssueControl Control { get; }

    public NewsletterStore Newsletters { get; }

    public ScheduleStore Schedule { get; }

    public FreezeStore Freeze { get; }

    public ReceiptStore Receipts { get; }

    public DeliveryReportStore Deliveries { get; }

    public UnsubscribeStore Unsubscribes { get; }

    public SignUpOptions SignUps { get; } = new();

    public ConfirmationStore Confirmations => new(Database.DataSource, Keys, SignUps);

    public ReaderMail ReaderMail => new(
        Newsletters, new SubscriberStore(Database.DataSource), Confirmations, new SuppressionStore(Database.DataSource), SignUps, Keys, Site);

    public EditionScheduler Scheduler => SchedulerAt(TimeProvider.System);

    public IssuePublisher Publisher =>
        new(Schedule, Freeze, Newsletters, Keys, Site, Scheduling, _logs.CreateLogger<IssuePublisher>(), new LeaveAddresses(Leave));

    /// <summary>Where a mail to leave is read; null: nowhere.</summary>
    public ReturnPaths? Leave { get; set; }

    /// <summary>The relay as it is configured; changed before the first worker is made.</summary>
    public Relay Relay { get; set; } = null!;

    /// <summary>The one worker of a test that needs only one.</summary>
    public MailWorker Worker => _worker ??= NewWorker();

    /// <summary>Opens for business.</summary>
    /// <param name="database">Of the test.</param>
    /// <param name="script">What the relay does wrong.</param>
    /// <param name="set">Changes the inbox.</param>
    /// <param name="logs">Takes every log; none where absent.</param>
    public static async Task<Mailroom> OpenAsync(TestDatabase database, FaultScript? script = null, Action<InboxOptions>? set = null, ILoggerFactory? logs = null)
    {
        var options = new InboxOptions();
        set?.Invoke(options);
        var inbox = new InboxServer(options, script);
        await inbox.StartAsync();
        var room = new Mailroom(database, inbox, logs ?? NullLoggerFactory.Instance);
        room.Scheduling.UseBatchesOf(room.Options.BatchSize);
        var ids = await new RelayStore(database.DataSource).IdsOf(["relay"], default);
        room.Relay = new Relay
        {
            Id = ids["relay"],
            Name = "relay",
            Host = "127.0.0.1",
            Port = inbox.Port,
            Security = RelaySecurity.None,
            MaxConnections = 4,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            CommandTimeout = TimeSpan.FromSeconds(20),
            FinalReplyTimeout = TimeSpan.FromSeconds(20),
        };
        return room;
    }

    public EditionScheduler SchedulerAt(TimeProvider clock) => new(Schedule, new EditionStore(Database.DataSource), Newsletters, Site, clock);

    /// <summary>Another worker process.</summary>
    public MailWorker NewWorker(Action<DeliveryOptions>? set = null, IMailTransport? transport = null, params Relay[] relays)
    {
        var options = new DeliveryOptions
        {
            BatchSize = Options.BatchSize,
            LeaseSeconds = Options.LeaseSeconds,
            RenewSeconds = Options.RenewSeconds,
            HandOverSeconds = Options.HandOverSeconds,
            Senders = Options.Senders,
            RetryMinutes = Options.RetryMinutes,
            MaxAgeHours = Options.MaxAgeHours,
            ResendUnknownSeconds = Options.ResendUnknownSeconds,
            UnknownShare = Options.UnknownShare,
            RejectedShare = Options.RejectedShare,
            RefusalsInARow = Options.RefusalsInARow,
            PauseWithoutRelaySeconds = Options.PauseWithoutRelaySeconds,
        };
        set?.Invoke(options);
        var worker = new MailWorker(
            this, relays is [] ? [Relay] : relays, transport ?? new SmtpTransport("news.example.com", TimeProvider.System, _logs.CreateLogger<SmtpTransport>()), options, _logs);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>A newsletter, so many readers, one edition of it, frozen.</summary>
    /// <returns>The issue's id.</returns>
    public async Task<long> FreezeIssueAsync(int readers)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, readers);
        return await FreezeAsync(await Some.EditionAsync(Database, newsletter));
    }

    /// <summary>Publishes an edition now and freezes it.</summary>
    /// <returns>The issue's id.</returns>
    public async Task<long> FreezeAsync(Edition edition)
    {
        await Some.DueAsync(Database, edition);
        var publishing = await Publisher.PublishAsync(edition.Id, default);
        return publishing == Publishing.Frozen
            ? await Database.ScalarAsync<long>("select id from issues where edition_id = $1", edition.Id)
            : throw new InvalidOperationException(
                $"{publishing}: {await Database.ScalarAsync<string>("select held_reason from editions where id = $1", edition.Id)}");
    }

    /// <summary>The receipt of an issue that is there.</summary>
    public async Task<Receipt> ReceiptAsync(long issue) =>
        await Receipts.FindAsync(issue, default) ?? throw new InvalidOperationException($"There is no issue {issue}.");

    /// <summary>A sender was killed: its leases have run out, and what it had in flight is in flight for ever.</summary>
    public Task<int> ExpireLeasesAsync() =>
        Database.ExecuteAsync("update batches set lease_until = now() - interval '1 second' where state = 'leased'");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        await Inbox.DisposeAsync();
    }
}
