using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Wiring;

[Trait("Category", "Faults")]
public sealed class RestoredCopyTests
{
    // F21: a backup restored as a second instance.
    [Fact]
    public async Task ARestoredCopySendsNothingUntilItIsAdopted()
    {
        await using var original = await TestDatabase.CreateAsync();
        await new InstanceStore(original.DataSource).LookAsync(default);
        var newsletter = await Some.NewsletterAsync(original);
        await Some.SubscribersAsync(original, newsletter, 3);
        var due = await Some.EditionAsync(original, newsletter);
        await Some.DueAsync(original, due);
        await using var copy = await original.CopyAsync();
        await using var server = await ServerUnderTest.StartAsync(
            withWorkers: true, new Dictionary<string, string?> { ["ConnectionStrings:Newsletter"] = copy.ConnectionString, ["Jobs:PollMilliseconds"] = "100" });

        Assert.Equal("held", await copy.ScalarAsync<string>("select state from editions"));
        await PublishAsync();
        await UntilAsync(async () => await copy.ScalarAsync<bool>("select state = 'held' and held_reason like '%newsletter adopt%' from editions"));
        var inbox = server.Services.GetRequiredService<OpenRelays>().Inbox!;
        Assert.Equal(0, inbox.Messages.Count);
        Assert.Equal(0, await copy.ScalarAsync<long>("select count(*) from issues"));

        await server.Services.GetRequiredService<InstanceStore>().AdoptAsync(default);
        await PublishAsync();
        await UntilAsync(async () => await copy.ScalarAsync<bool>("select exists (select from issues where state = 'finished')"));
        Assert.Equal((3L, 3L), (inbox.Messages.Count, inbox.Messages.DistinctRecipients));
        FaultForm.Report(new FaultLine("F21", Kills: 0, Connections: 0, Recipients: 3, Lost: 0, Copies: 0, Unknown: 0));

        async Task PublishAsync()
        {
            using var answer = await server.Client.PostAsync($"/api/editions/{due.Id}/publish", null);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task WhoeverResumesAnIssueOfACopyIsToldToAdoptIt()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com');
            insert into editions (newsletter_id, number, slug, title, subject, source, state) values (1, 35, 'x', 'X', 'X', '', 'published');
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce) values (1, 1, 1, 'sending', 'k1', now(), 'n');
            update instance set database_oid = 1;
            """);
        await server.Services.GetRequiredService<InstanceStore>().LookAsync(default);

        using var body = new StringContent("""{"state":"sending"}""", Encoding.UTF8, "application/json");
        using var answer = await server.Client.PutAsync("/api/issues/1/state", body);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("newsletter adopt", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!await isSo())
            await Task.Delay(50, patience.Token);
    }
}
