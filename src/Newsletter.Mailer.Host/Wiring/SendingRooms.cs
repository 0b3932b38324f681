using Microsoft.Extensions.Options;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Feedback.Visits;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The rooms along the way of an issue. KeyRing, RelayDirectory, NpgsqlDataSource and TimeProvider come from elsewhere.</summary>
internal static class SendingRooms
{
    public static IServiceCollection AddLinks(this IServiceCollection services)
    {
        services.AddRoomOptions<LinkKeyOptions>("Links");
        return services.AddSingleton(provider => new PublicSite(new Uri(provider.GetRequiredService<IOptions<SiteOptions>>().Value.PublicUrl)));
    }

    public static IServiceCollection AddScheduling(this IServiceCollection services)
    {
        services.AddRoomOptions<SchedulingOptions>("Scheduling");
        services.AddOptions<SchedulingOptions>().PostConfigure<IOptions<DeliveryOptions>>((scheduling, delivery) => scheduling.UseBatchesOf(delivery.Value.BatchSize));
        return services
            .AddSingleton(provider => provider.GetRequiredService<IOptions<SchedulingOptions>>().Value)
            .AddSingleton(provider => new ThrottleGroups(provider.GetRequiredService<SchedulingOptions>().ThrottleGroups))
            // Advertised only where somebody reads it.
            .AddSingleton(provider => new LeaveAddresses(
                provider.GetRequiredService<FeedbackOptions>().Mailboxes.Count > 0 ? ReturnPathsOf(provider.GetRequiredService<DeliveryOptions>()) : null))
            .AddSingleton<PreviewDesk>()
            .AddSingleton<ScheduleStore>()
            .AddSingleton<FreezeStore>()
            .AddSingleton<EditionScheduler>()
            .AddSingleton(_ => new AddressProbe())
            .AddSingleton<AddressStore>()
            .AddSingleton(provider => new AddressBook(provider.GetRequiredService<AddressProbe>(), provider.GetRequiredService<AddressStore>()))
            .AddSingleton<PreflightStore>()
            .AddSingleton<PreflightDesk>()
            .AddSingleton<DigestStore>()
            .AddSingleton<DigestDesk>()
            .AddSingleton<WebPageStore>()
            .AddSingleton<WebPageDesk>()
            .AddSingleton<IssuePublisher>();
    }

    public static IServiceCollection AddOutbox(this IServiceCollection services) => services.AddSingleton<OutboxStore>();

    public static IServiceCollection AddSigning(this IServiceCollection services) => services.AddSingleton<DkimKeyStore>().AddSingleton<DkimKeys>();

    public static IServiceCollection AddDelivery(this IServiceCollection services)
    {
        services.AddRoomOptions<DeliveryOptions>("Delivery");
        return services
            .AddSingleton(provider => provider.GetRequiredService<IOptions<DeliveryOptions>>().Value)
            .AddSingleton<BatchStore>()
            .AddSingleton<IssueStore>()
            .AddSingleton<CopyStore>()
            .AddSingleton<IssueCopies>()
            .AddSingleton<DemandStore>()
            .AddSingleton<LedgerStore>()
            .AddSingleton<LedgerPostingStore>()
            .AddSingleton<LedgerRecorder>()
            .AddSingleton<RelayStore>()
            .AddSingleton<RelayDesk>()
            .AddSingleton<PaceStore>()
            .AddSingleton<RelayUpkeep>()
            .AddSingleton<RetryStore>()
            .AddSingleton<DatabaseContact>()
            .AddSingleton<IssueGuard>()
            .AddSingleton<IssueControl>()
            .AddSingleton<ResendStore>()
            .AddSingleton<IRejectionSorting, RejectionSorting>()
            .AddSingleton<IssueResend>()
            .AddSingleton<InstanceStore>()
            .AddSingleton<SendingParts>(Parts)
            .AddSingleton<BatchSender>()
            .AddSingleton<DeliverySweep>()
            .AddSingleton<SenderDemand>()
            .AddSingleton<TestSend>()
            .AddSingleton<ReaderMail>()
            .AddSingleton<OutboxSender>()
            .AddSingleton(provider => new SmtpTransport(
                provider.GetRequiredService<PublicSite>().Url.Host,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<SmtpTransport>>(),
                signer: provider.GetRequiredService<DkimKeys>()))
            .AddSingleton<IMailTransport>(provider => provider.GetRequiredService<SmtpTransport>())
            .AddSingleton(provider => new BulkRelays(Pool(provider, connections: null)))
            .AddSingleton(provider => new PersonalRelays(Pool(provider, provider.GetRequiredService<DeliveryOptions>().PersonalConnections)));
    }

    public static IServiceCollection AddFeedback(this IServiceCollection services)
    {
        services.AddRoomOptions<FeedbackOptions>("Feedback");
        return services
            .AddSingleton(provider => provider.GetRequiredService<IOptions<FeedbackOptions>>().Value)
            .AddSingleton<UnsubscribeStore>()
            .AddSingleton<EngagementStore>()
            .AddSingleton<ClickStore>()
            .AddSingleton<VoteStore>()
            .AddSingleton<OpenStore>()
            .AddSingleton<Visitors>()
            .AddSingleton<FeedbackStore>()
            .AddSingleton<MailboxStore>()
            .AddSingleton<ConsequenceStore>()
            .AddSingleton<BounceStore>()
            .AddSingleton<RelayAlarmStore>()
            .AddSingleton<ReputationStore>()
            .AddSingleton<ComplaintGuard>()
            .AddSingleton<WebhookIntake>()
            .AddSingleton(provider => new WebhookDesk(
                provider.GetRequiredService<FeedbackOptions>().Webhooks,
                provider.GetRequiredService<WebhookIntake>(),
                provider.GetRequiredService<KeyRing>(),
                ReturnPathsOf(provider.GetRequiredService<DeliveryOptions>()),
                provider.GetRequiredService<TimeProvider>(),
                WebhookFetch.GetAsync));
    }

    /// <summary>One reader for each mailbox that is configured.</summary>
    public static IReadOnlyList<MailboxReader> MailboxReaders(this IServiceProvider provider) =>
    [
        .. provider.GetRequiredService<FeedbackOptions>().Mailboxes.Select(mailbox => new MailboxReader(
            mailbox,
            provider.GetRequiredService<MailboxStore>(),
            provider.GetRequiredService<FeedbackStore>(),
            provider.GetRequiredService<KeyRing>(),
            ReturnPathsOf(provider.GetRequiredService<DeliveryOptions>()),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MailboxReader>>())),
    ];

    public static IServiceCollection AddReports(this IServiceCollection services) =>
        services.AddSingleton<ReceiptStore>().AddSingleton<DeliveryReportStore>().AddSingleton<ArchiveStore>().AddSingleton<TimelineStore>().AddSingleton<LinkReportStore>().AddSingleton<ReaderDataStore>();

    private static RelayPool Pool(IServiceProvider provider, int? connections) => new(
        provider.GetRequiredService<RelayDirectory>().Relays,
        provider.GetRequiredService<IMailTransport>(),
        provider.GetRequiredService<TimeProvider>(),
        connections);

    // Validated with the options.
    private static ReturnPaths? ReturnPathsOf(DeliveryOptions options) =>
        options.BounceAddress is { } address && ReturnPaths.TryCreate(address, out var paths) is null ? paths : null;

    private static SendingParts Parts(IServiceProvider provider) => new()
    {
        Batches = provider.GetRequiredService<BatchStore>(),
        Demand = provider.GetRequiredService<DemandStore>(),
        Recorder = provider.GetRequiredService<LedgerRecorder>(),
        Relays = provider.GetRequiredService<BulkRelays>(),
        Guard = provider.GetRequiredService<IssueGuard>(),
        Contact = provider.GetRequiredService<DatabaseContact>(),
        Keys = provider.GetRequiredService<KeyRing>(),
        Site = provider.GetRequiredService<PublicSite>(),
        Rejections = provider.GetRequiredService<IRejectionSorting>(),
        ReturnPaths = ReturnPathsOf(provider.GetRequiredService<DeliveryOptions>()),
        Options = provider.GetRequiredService<DeliveryOptions>(),
        Clock = provider.GetRequiredService<TimeProvider>(),
        Log = provider.GetRequiredService<ILogger<BatchSender>>(),
    };
}
