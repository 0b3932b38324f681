using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>A database whose forgotten addresses are known by their hash.</summary>
public abstract class ForgettingTest : ImportTest
{
    protected const string Ana = "ana@example.com";

    protected KeyRing Keys { get; } = KeyRing.Generate();

    protected SubscriberStore Hashing => new(DataSource, Keys);

    protected SuppressionStore Hashed => new(DataSource, Keys);

    protected SuppressionListStore Lists => new(DataSource, Keys);

    protected ConfirmationStore Confirmations => new(DataSource, Keys, new SignUpOptions());

    protected SubscriberImport HashingImporter => new(
        Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource, Keys), NullLogger<SubscriberImport>.Instance, Keys);

    protected async Task UntilAsync(string any)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await Database.ScalarAsync<long>(any) == 0)
            await Task.Delay(20, patience.Token);
    }

    protected static EmailAddress Parsed(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text, nameof(text));

    protected async Task EraseAsync(string? suppressed = null)
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = "Ana@example.com", Newsletter = Tea }, default);
        if (suppressed is not null)
            await Suppressions.AddAsync(new SuppressionDraft { Email = Ana, Reason = suppressed, Evidence = "From ana@example.com." }, default);
        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(
            await new ErasureStore(DataSource, Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions p where p::text ilike '%ana@%'"));
    }

    protected async Task<long> SignUpAsync()
    {
        var newsletter = await Database.ScalarAsync<long>("select id from newsletters where slug = 'tea'");
        var signUp = new SignUp { NewsletterId = newsletter, Address = Parsed(Ana), Language = "en", Form = "page", Wording = "I want tea.", From = IPAddress.Loopback };
        var put = await new SignUpStore(DataSource, new SignUpOptions()).PutAsync(signUp, NetworkRange.Of(signUp.From), default);
        var model = await Database.ScalarAsync<string>("select model::text from outbox where id = $1", put.OutboxId);
        return System.Text.Json.JsonSerializer.Deserialize<SignUpModel>(model!)!.SignUpId;
    }

    protected async Task<Import> ImportHashedAsync(string csv)
    {
        var importer = new SubscriberImport(Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource), NullLogger<SubscriberImport>.Instance, Keys);
        var id = await BeginAsync();
        Assert.IsType<ReceiveOutcome.Received>(await importer.ReceiveAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(csv)), null, default));
        var import = Assert.IsType<MergeOutcome.Finished>(await importer.MergeAsync(id, null, default)).Import;
        AssertBalanced(import);
        return import;
    }
}
