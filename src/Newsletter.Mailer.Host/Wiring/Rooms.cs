using Microsoft.Extensions.Options;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The only place that knows every room of the library.</summary>
internal static class Rooms
{
    /// <summary>What every process needs, whatever it was started for.</summary>
    public static void AddRooms(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddRoomOptions<SiteOptions>("");
        services.AddRoomOptions<WebOptions>("Web");
        services.AddDatabase();
        services.AddAccess();
        services.AddLinks();
        services.AddKeyRing();
        services.AddOutbox();
        services.AddAudience();
        services.AddImages();
        services.AddEditions();
        services.AddScheduling();
        services.AddSigning();
        services.AddDelivery();
        services.AddRoomOptions<InboxSettings>("Inbox");
        services.AddSingleton<OpenRelays>();
        services.AddSingleton(provider => provider.GetRequiredService<OpenRelays>().Directory);
        services.AddSingleton<InstanceWatch>();
        services.AddFeedback();
        services.AddReports();
        services.AddDoctor();
        services.AddJobs();
    }

    private static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<IdempotencyStore>();
    }

    private static void AddAudience(this IServiceCollection services)
    {
        services.AddSingleton<NewsletterStore>();
        services.AddSingleton<SubscriberStore>();
        services.AddSingleton<SubscriptionStore>();
        services.AddSingleton<SuppressionStore>();
        services.AddSingleton<SuppressionListStore>();
        services.AddSingleton<ImportStore>();
        services.AddSingleton<ImportStagingStore>();
        services.AddSingleton<ImportMergeStore>();
        services.AddSingleton<SubscriberImport>();
        services.AddSingleton<ExportStore>();
        services.AddSingleton<SubscriberExport>();
        services.AddSingleton<SegmentStore>();
        services.AddSingleton<SegmentSizeStore>();
        services.AddSingleton<BulkChangeStore>();
        services.AddRoomOptions<SignUpOptions>("Audience:SignUps");
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SignUpOptions>>().Value);
        services.AddSingleton<SignUpStore>();
        services.AddSingleton<SignUpGate>();
        services.AddSingleton<SignUpDesk>();
        services.AddSingleton<ConfirmationStore>();
        services.AddSingleton<ConsentStore>();
        services.AddSingleton<PreferencesStore>();
        services.AddSingleton<ErasureStore>();
    }

    private static void AddImages(this IServiceCollection services)
    {
        services.AddRoomOptions<ImageOptions>("Images");
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ImageOptions>>().Value);
        services.AddSingleton(provider => new ImageFolder(
            provider.GetRequiredService<ImageOptions>().Folder is { Length: > 0 } named
                ? named
                : Path.Combine(DataFolder.Resolve(provider.GetRequiredService<IOptions<SiteOptions>>().Value.DataFolder), "images")));
        services.AddSingleton<ImageStore>();
        services.AddSingleton<ImageReader>();
        services.AddSingleton<ImageDesk>();
    }

    private static void AddEditions(this IServiceCollection services)
    {
        services.AddSingleton<EditionStore>();
        services.AddSingleton<EditionDesk>();
    }
}
