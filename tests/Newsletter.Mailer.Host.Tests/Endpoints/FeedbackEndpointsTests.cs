using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

/// <summary>Bounces, alarms, mailboxes, reputation and webhooks over HTTP.</summary>
public sealed class FeedbackEndpointsTests : IAsyncLifetime
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private ServerUnderTest _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync(settings: new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Feedback:Webhooks:GenericSecret"] = Secret,
            ["Feedback:Webhooks:PostmarkSecret"] = Secret,
            ["Feedback:Mailboxes:0:Host"] = "imap.example.com",
            ["Feedback:Mailboxes:0:UserName"] = "bounces@news.example.com",
            ["Feedback:Mailboxes:0:Password"] = "never to be shown",
        });
        var newsletter = await Some.NewsletterAsync(_server.Database);
        await Some.SubscribersAsync(_server.Database, newsletter, 3);
        var edition = await Some.EditionAsync(_server.Database, newsletter);
        await Some.DueAsync(_server.Database, edition);
        await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default);
        await _server.Database.ExecuteAsync("update batches set state = 'done'; update deliveries set status = 'accepted', updated_at = now(); update issues set state = 'finished', finished_at = now()");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task AWebhookIsTakenAndWhatFollowsIsShownAndUndone()
    {
        Assert.Equal(HttpStatusCode.OK, (await Hook(await Bounce(1, "b1", "550 5.1.1 User unknown"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Hook(await Bounce(2, "b2", "550 5.7.1 Blocked using bl.example.org"))).StatusCode);
        await _server.Services.GetRequiredService<ConsequenceStore>().SettleAsync(default);

        var bounces = (await Get("/api/bounces?issue=1"))["items"]!.AsArray();
        Assert.Equal(["hard", "sender"], bounces.Select(bounce => (string)bounce!["kind"]!));
        Assert.Equal(("suppressed", "generic", "other"), ((string)bounces[0]!["consequence"]!, (string)bounces[0]!["source"]!, (string)bounces[0]!["provider"]!));
        Assert.Equal(1, (int)(await Get("/api/issues/1/receipt"))["came_back"]!["hard"]!);
        var alarm = Assert.Single((await Get("/api/relays/alarms"))["items"]!.AsArray());
        Assert.Equal("blocked", (string)alarm!["reason"]!);
        Assert.Equal(HttpStatusCode.NoContent, await Post($"/api/relays/alarms/{alarm["id"]}/clear", """{"note":"Delisted."}"""));
        Assert.Empty((await Get("/api/relays/alarms"))["items"]!.AsArray());
        Assert.Equal("Delisted.", (string)(await Get("/api/relays/alarms?all=true"))["items"]![0]!["note"]!);

        Assert.Equal(HttpStatusCode.OK, await Post($"/api/bounces/{bounces[0]!["id"]}/undo", """{"note":"The mailbox works."}"""));
        Assert.Equal(HttpStatusCode.Conflict, await Post($"/api/bounces/{bounces[0]!["id"]}/undo", "{}"));
        Assert.Equal(HttpStatusCode.NotFound, await Post("/api/bounces/99/undo", "{}"));
        Assert.Empty((await Get("/api/suppressions"))["items"]!.AsArray());
        Assert.Equal("The mailbox works.", (string)(await Get($"/api/bounces/{bounces[0]!["id"]}"))["undone_note"]!);
    }

    [Fact]
    public async Task AWebhookNeedsNoKeyButItsOwnProof()
    {
        using var anonymous = _server.ClientWith(null);
        Assert.Equal(HttpStatusCode.Forbidden, (await anonymous.PostAsync("/webhooks/generic", Json("""{"events":[]}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await anonymous.PostAsync("/webhooks/postmark", Json("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.PostAsync($"/webhooks/postmark?key={Secret}", Json("""{"RecordType":"Delivery"}"""))).StatusCode);
        // Not configured, and not there at all.
        Assert.Equal(HttpStatusCode.NotFound, (await anonymous.PostAsync("/webhooks/mailgun", Json("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await anonymous.PostAsync("/webhooks/nobody", Json("{}"))).StatusCode);
        var malformed = await Hook("""{"events":[{"type":"bounced"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        Assert.Contains("events[0]", await malformed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MailboxesAreShownWithoutTheirSecretAndWithWhatIsWrong()
    {
        await _server.Database.ExecuteAsync("insert into mailboxes (name, error, error_at) values ('bounces', 'imap.example.com:993 refuses the log-in', now())");
        await _server.Database.ExecuteAsync("insert into mailbox_messages (mailbox, sha256, outcome, why, subject, uid, bytes) values ('bounces', '\\x01', 'unclear', 'It is no bounce.', 'A word', '1:7', 300)");

        var text = await _server.Client.GetStringAsync("/api/mailboxes");
        Assert.Contains("refuses the log-in", text, StringComparison.Ordinal);
        Assert.DoesNotContain("never to be shown", text, StringComparison.Ordinal);
        Assert.Equal("A word", (string)(await Get("/api/mailboxes/bounces/unclear"))["items"]![0]!["subject"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync("/api/mailboxes/other/unclear")).StatusCode);
        using var reader = await _server.ClientWithScopesAsync(Scopes.ReadSubscribers);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.GetAsync("/api/mailboxes")).StatusCode);
    }

    [Fact]
    public async Task RatesAreToldByIssueAndProvider()
    {
        await Hook(await Bounce(1, "b1", "550 5.1.1 User unknown"));
        await _server.Services.GetRequiredService<ConsequenceStore>().SettleAsync(default);
        await _server.Services.GetRequiredService<ReputationStore>().RollUpAsync(default);

        var issue = Assert.Single((await Get("/api/reputation?newsletter=tea"))["items"]!.AsArray())!;
        Assert.Equal((3, 1, "ok"), ((int)issue["all"]!["accepted"]!, (int)issue["all"]!["hard"]!, (string)issue["all"]!["level"]!));
        Assert.Equal(0.333333, (double)issue["providers"]!["other"]!["hard_rate"]!);
        var health = await Get("/api/reputation/tea/list-health");
        Assert.Equal((3, 1), ((int)health["active"]!, (int)health["suppressed"]!));
        Assert.Null(health["never_engaged"]);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync("/api/reputation/nope/list-health")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.Client.GetAsync("/api/reputation?days=0")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.Client.GetAsync("/api/bounces?kind=nice")).StatusCode);
    }

    private async Task<string> Bounce(int seq, string id, string said)
    {
        var nonce = await _server.Database.ScalarAsync<string>("select nonce from issues");
        return $$"""{"events":[{"id":"{{id}}","type":"bounced","message_id":"<{{IssueMessageId.Of(1, seq, nonce!)}}>","response":"{{said}}"}]}""";
    }

    private async Task<HttpResponseMessage> Hook(string body)
    {
        using var anonymous = _server.ClientWith(null);
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/generic") { Content = Json(body) };
        request.Headers.Add("X-Newsletter-Signature", $"t={time},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{time}.{body}")))}");
        return await anonymous.SendAsync(request);
    }

    private async Task<System.Text.Json.Nodes.JsonNode> Get(string path) => System.Text.Json.Nodes.JsonNode.Parse(await _server.Client.GetStringAsync(path))!;

    private async Task<HttpStatusCode> Post(string path, string body) => (await _server.Client.PostAsync(path, Json(body))).StatusCode;

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
