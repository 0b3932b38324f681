using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>A database with a newsletter, and what imports into it.</summary>
public abstract class ImportTest : DatabaseTest
{
    protected const string Tea = "tea";

    protected ImportStore Imports => new(DataSource);

    protected SubscriberStore Subscribers => new(DataSource);

    protected SubscriptionStore Subscriptions => new(DataSource);

    protected SuppressionStore Suppressions => new(DataSource);

    protected SubscriberImport Importer => new(
        Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource), NullLogger<SubscriberImport>.Instance);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await AddNewsletterAsync(Tea);
    }

    protected async Task<NewsletterProfile> AddNewsletterAsync(string slug)
    {
        var outcome = await new NewsletterStore(DataSource).CreateAsync(
            new NewsletterDraft { Slug = slug, Name = "Tea", FromAddress = $"{slug}@example.com" }, default);
        return Assert.IsType<AudienceOutcome<NewsletterProfile>.Created>(outcome).Value;
    }

    protected async Task<long> BeginAsync(string newsletter = Tea, string? tier = null)
    {
        var outcome = await Imports.CreateAsync(newsletter, tier, default);
        return Assert.IsType<AudienceOutcome<Import>.Created>(outcome).Value.Id;
    }

    protected async Task<Import> ImportFromAsync(string csv, string source = "auto", bool dryRun = false, string? status = null)
    {
        var id = Assert.IsType<AudienceOutcome<Import>.Created>(await Imports.CreateAsync(Tea, null, source, dryRun, default, status)).Value.Id;
        Assert.IsType<ReceiveOutcome.Received>(await Importer.ReceiveAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(csv)), null, default));
        var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        AssertBalanced(import);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
        return import;
    }

    protected Task<Import> ImportAsync(string csv, string newsletter = Tea, string? tier = null) =>
        ImportAsync(Encoding.UTF8.GetBytes(csv), newsletter, tier);

    protected async Task<Import> ImportAsync(byte[] csv, string newsletter = Tea, string? tier = null)
    {
        var id = await BeginAsync(newsletter, tier);
        Assert.IsType<ReceiveOutcome.Received>(await Importer.ReceiveAsync(id, new MemoryStream(csv), null, default));
        var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        AssertBalanced(import);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
        return import;
    }

    protected async Task<string> RefuseAsync(byte[] csv)
    {
        var id = await BeginAsync();
        var reason = Assert.IsType<ReceiveOutcome.Refused>(await Importer.ReceiveAsync(id, new MemoryStream(csv), null, default)).Reason;
        var import = (await Imports.GetAsync(id, default))!;
        Assert.Equal((ImportState.Failed, reason), (import.State, import.Reason));
        Assert.NotNull(import.FinishedAt);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
        Assert.Equal(reason, Assert.IsType<MergeOutcome.Failed>(await Importer.MergeAsync(id, null, default)).Reason);
        return reason;
    }

    protected Task<string> RefuseAsync(string csv) => RefuseAsync(Encoding.UTF8.GetBytes(csv));

    protected async Task<Subscriber> ReadAsync(string address) =>
        Assert.IsType<AudienceOutcome<Subscriber>.Found>(await Subscribers.LookupAsync(address, default)).Value;

    protected async Task<IReadOnlyList<ImportProblem>> ProblemsAsync(long importId) =>
        (await Imports.ProblemsAsync(importId, new PageRequest(Cursor.Start, PageRequest.MaxLimit), default)).Items;

    protected static void AssertBalanced(Import import)
    {
        Assert.Equal(import.Rows,
            import.Invalid + import.Duplicates + import.Suppressed + import.Created + import.Updated + import.Unchanged);
        Assert.Equal(import.Created + import.Updated + import.Unchanged,
            import.Subscribed + import.AlreadySubscribed + import.KeptUnsubscribed + import.KeptPending + import.Unsubscribed + import.Pending);
        Assert.Equal(import.Staged, import.Merged);
    }

    protected Task<string?> StatusAsync(string address = "ana@example.com") => Database.ScalarAsync<string>(
        "select s.status from subscriptions s join subscribers b on b.id = s.subscriber_id where lower(b.address) = lower($1)", address);
}
