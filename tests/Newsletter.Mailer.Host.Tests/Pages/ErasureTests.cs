using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>Forgetting a reader, proved on a dump of the whole database, Hangfire's tables included (STANDARDS, erasure).</summary>
public sealed class ErasureTests : IAsyncLifetime
{
    private const string Address = "Ana.Unmistakable@example.com";
    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync(withWorkers: true, new Dictionary<string, string?> { ["Audience:SignUps:MinFillSeconds"] = "0" });
        _reader = _server.ClientWith(null);
        await Some.NewsletterAsync(_server.Database);
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private InboxServer Inbox => _server.Services.GetRequiredService<OpenRelays>().Inbox!;

    [Fact]
    public async Task OfAReaderWhoWasMailedRejectedAndBouncedTheDumpHoldsNoTrace()
    {
        var id = await LiveAsync();
        var keys = _server.Services.GetRequiredService<KeyRing>();
        var before = await DumpAsync();
        Assert.All(["public.subscribers", "public.sign_ups", "public.outbox", "public.suppressions", "public.idempotency_keys", "public.consents"], table => Assert.Contains(table, before.Keys));
        Assert.All(["public.subscribers", "public.sign_ups", "public.outbox", "public.suppressions", "public.idempotency_keys"], table => Assert.True(Names(before[table]), table));
        Assert.Contains(before, table => table.Key.StartsWith("hangfire.", StringComparison.Ordinal) && table.Value.Contains("SendOutboxJob", StringComparison.Ordinal));

        using var erased = await _reader.PostAsync($"/preferences/{new PreferencesToken(id).Sign(keys, keys.ActiveKey)}/erase", null);

        Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        var after = await DumpAsync();
        Assert.All(after, table => Assert.False(Names(table.Value), table.Key));
        // What was agreed to is still there for whoever knows the address, and nothing else of the person is.
        using var looked = await _server.Client.PostAsJsonAsync("/api/consents/lookup", new { email = Address });
        var entries = JsonNode.Parse(await looked.Content.ReadAsStringAsync())!["consents"]!.AsArray();
        Assert.Equal(["asked", "confirmed"], entries.Select(entry => (string)entry!["action"]!));
        Assert.All(entries, entry => Assert.Null(entry!["ip"]));
        Assert.Equal(2L, await _server.Database.ScalarAsync<long>("select count(*) from deliveries where subscriber_id = $1", id));
        // It had bounced: a new sign-up gets no mail until a person says so.
        Assert.Equal("erased hard_bounce", await _server.Database.ScalarAsync<string>("select string_agg(reason, ' ' order by reason) from suppressions where address_hash is not null"));
        await SignUpAsync();
        await UntilAsync("select (select count(*) from outbox) = 0 and (select count(*) from sign_ups where dropped_because = 'suppressed') = 1");
    }

    [Fact]
    public async Task TheLinksOfAForgottenReaderLeadNowhere()
    {
        var keys = _server.Services.GetRequiredService<KeyRing>();
        await SignUpAsync();
        var confirm = await ConfirmAsync();
        var id = await _server.Database.ScalarAsync<long>("select id from subscribers");
        var preferences = $"/preferences/{new PreferencesToken(id).Sign(keys, keys.ActiveKey)}";
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync($"/api/subscribers/{id}")).StatusCode);

        Assert.Equal(HttpStatusCode.NotFound, (await _reader.GetAsync(preferences)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _reader.PostAsync(preferences + "/erase", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _reader.PostAsync(confirm, null)).StatusCode);
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task AReaderCarriesAwayEverythingThatIsKept()
    {
        var id = await LiveAsync();
        var keys = _server.Services.GetRequiredService<KeyRing>();

        await _server.Database.ExecuteAsync("update subscribers set tags = '{secret-vip}'");
        using var answer = await _reader.PostAsync($"/preferences/{new PreferencesToken(id).Sign(keys, keys.ActiveKey)}/data", null);

        Assert.Equal("attachment; filename=my-data.json; filename*=UTF-8''my-data.json", answer.Content.Headers.ContentDisposition!.ToString());
        var data = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(Address, (string)data["email"]!);
        Assert.Equal("secret-vip", (string)data["tags"]![0]!);
        Assert.Equal(["accepted", "rejected"], data["issues"]!.AsArray().Select(issue => (string)issue!["status"]!));
        Assert.Equal(2, data["consents"]!.AsArray().Count);
        Assert.Equal("hard_bounce", (string)data["suppressions"]![0]!["reason"]!);
        Assert.Contains(data["mails"]!.AsArray(), mail => (string)mail!["kind"]! == "welcome");
    }

    /// <summary>Signs up, confirms, gets an issue, is rejected by the next, bounces, is tested on, and is asked about.</summary>
    private async Task<long> LiveAsync()
    {
        await SignUpAsync();
        await ConfirmAsync();
        await Inbox.Messages.WaitForAsync(2, TimeSpan.FromSeconds(30));
        await PublishAsync(1);
        Inbox.Play(FaultScript.None.At(FaultPoint.Rcpt).Reply(550, $"5.1.1 <{Address}>: no such user, {Address.ToLowerInvariant()} (mailbox 'ana.unmistakable' unknown)"));
        await PublishAsync(2);
        Inbox.Play(FaultScript.None);
        await PostAsync("/api/suppressions", new { email = Address, reason = "hard_bounce", evidence = $"DSN for {Address}: 5.1.1" });
        await PostAsync("/api/subscribers/lookup", new { email = Address });
        await PostAsync("/api/editions/2/test-sends", new { to = new[] { Address } });
        await SignUpAsync();
        await UntilAsync("select not exists (select from outbox where state in ('ready', 'sending'))");
        return await _server.Database.ScalarAsync<long>("select id from subscribers");
    }

    private async Task SignUpAsync()
    {
        var page = await _reader.GetStringAsync("/n/tea/subscribe");
        var form = Regex.Match(page, "name=\"form\" value=\"([^\"]*)\"").Groups[1].Value;
        using var answer = await _reader.PostAsync("/n/tea/subscribe", new FormUrlEncodedContent([KeyValuePair.Create("email", Address), KeyValuePair.Create("form", form)]));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<string> ConfirmAsync()
    {
        await Inbox.Messages.WaitForAsync(1, TimeSpan.FromSeconds(30));
        var mail = MimeMessage.Load(new MemoryStream(Inbox.Messages.ReadBody(1)!.Bytes));
        var path = Regex.Match(mail.TextBody!, "http://localhost:8080(/confirm/\\S+)").Groups[1].Value;
        using var answer = await _reader.PostAsync(path, null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return path;
    }

    private async Task PublishAsync(int number)
    {
        await PostAsync("/api/editions", new { newsletter = "tea", source = $"---\ntitle: Edition {number}\n---\n\nHello.\n" });
        await PostAsync($"/api/editions/{number}/publish", new { });
        await UntilAsync($"select exists (select from issues where edition_id = {number} and state = 'finished')");
    }

    private async Task PostAsync(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("n"));
        using var answer = await _server.Client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task UntilAsync(string sql)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await _server.Database.ScalarAsync<bool>(sql))
            await Task.Delay(50, patience.Token);
    }

    /// <summary>The rows of every table in every schema, as pg_dump writes them.</summary>
    private async Task<Dictionary<string, string>> DumpAsync()
    {
        var tables = await _server.Database.ListAsync<string>("""
            select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1
            """);
        var dump = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var connection = await _server.Database.DataSource.OpenConnectionAsync();
        foreach (var table in tables)
        {
            using var rows = await connection.BeginTextExportAsync($"copy (select * from {table}) to stdout");
            dump[table] = await rows.ReadToEndAsync();
        }

        return dump;
    }

    /// <summary>By the whole address or what stands before the @, in any case, as text or in the bytes of a column.</summary>
    private static bool Names(string rows) => new[] { Address, Address.Split('@')[0] }.Any(name =>
        rows.Contains(name, StringComparison.OrdinalIgnoreCase)
        || rows.Contains(Convert.ToHexString(Encoding.UTF8.GetBytes(name)), StringComparison.OrdinalIgnoreCase)
        || rows.Contains(Convert.ToHexString(Encoding.UTF8.GetBytes(name.ToLowerInvariant())), StringComparison.OrdinalIgnoreCase)
        || rows.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(name))[..12], StringComparison.Ordinal));
}
