using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class EditionEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task AnEditionIsWrittenAsMarkdownOrJson()
    {
        var (_, newsletter) = await MakeNewsletter();
        var source = $"---\nnewsletter: {newsletter}\ntitle: Größe\nnumber: 35\n---\n\nHello.\n";

        var asMarkdown = await SendRaw(HttpMethod.Post, "/api/editions", Typed(source, "text/markdown"));
        var asJson = await Post("/api/editions", new { newsletter, source = Document("Second") });
        var byQuery = await SendRaw(HttpMethod.Post, $"/api/editions?newsletter={newsletter}", Typed(Document("Third"), "text/markdown; charset=utf-8"));

        Assert.Equal(HttpStatusCode.Created, asMarkdown.Status);
        Assert.Equal((35, 36, 37), ((int)asMarkdown["number"], (int)asJson["number"], (int)byQuery["number"]));
        Assert.Equal((source, "draft", "Größe"), ((string?)asMarkdown["source"], (string?)asMarkdown["state"], (string?)asMarkdown["title"]));
        var shown = await Get(asMarkdown.Message.Headers.Location!.ToString());
        Assert.Equal(asMarkdown.Text, shown.Text);
        Assert.Equal("\"1\"", shown.Message.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task AnEditionThatCantBeReadIsRefusedWithItsLines()
    {
        var (_, newsletter) = await MakeNewsletter();

        Assert.Contains("Line 1", (await Post("/api/editions", new { newsletter, source = "---\nnumber: 3\n---\nText" })).Error("source"), StringComparison.Ordinal);
        Assert.Contains("Line 2", (await Post("/api/editions", new { newsletter, source = "---\nsubjekt: x\n---\nText" })).Error("source"), StringComparison.Ordinal);
        Assert.NotEmpty((await Post("/api/editions", new { newsletter })).Error("source"));
        Assert.NotEmpty((await Post("/api/editions", new { source = Document("x") })).Error("newsletter"));
        Assert.NotEmpty((await Post("/api/editions", new { newsletter = "nope", source = Document("x") })).Error("newsletter"));
        Assert.NotEmpty((await Post("/api/editions?newsletter=other", new { newsletter, source = Document("x") })).Error("newsletter"));
        var notUtf8 = await SendRaw(HttpMethod.Post, "/api/editions", new ByteArrayContent([0x68, 0xFF]) { Headers = { ContentType = new("text/markdown") } });
        Assert.Contains("position 1", notUtf8.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendRaw(HttpMethod.Post, "/api/editions", Typed("x", "text/html"))).Status);
    }

    [Fact]
    public async Task TakenNumbersAndSlugsAreNamed()
    {
        var (_, newsletter) = await MakeNewsletter();
        await MakeEdition(newsletter, "First", "number: 5\n");

        var number = await Post("/api/editions", new { newsletter, source = Document("Other", "number: 5\n") });
        var slug = await Post("/api/editions", new { newsletter, source = Document("First") });

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (number.Status, slug.Status));
        Assert.NotEmpty(number.Error("number"));
        Assert.NotEmpty(slug.Error("slug"));
    }

    [Fact]
    public async Task AChangeSomeoneElseMadeIsNotOverwritten()
    {
        var (_, newsletter) = await MakeNewsletter();
        var path = $"/api/editions/{await MakeEdition(newsletter)}";

        var second = await SendRaw(HttpMethod.Put, path, Typed(Document("Second"), "text/markdown"), headers: ("If-Match", "\"1\""));
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (second.Status, second.Message.Headers.ETag!.Tag));
        var late = await SendRaw(HttpMethod.Put, path, Typed(Document("Third"), "text/markdown"), headers: ("If-Match", "\"1\""));
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.Status);
        Assert.Contains("revision 2", late.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await Put(path, new { source = Document("Third"), revision = 1 })).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendRaw(HttpMethod.Put, path, Typed(Document("x"), "text/markdown"), headers: ("If-Match", "\"nonsense\""))).Status);
        Assert.Equal(3, (int)(await Put(path, new { source = Document("Third") }))["revision"]);
        Assert.Equal(HttpStatusCode.NotFound, (await Put("/api/editions/999999", new { source = Document("x") })).Status);
    }

    [Fact]
    public async Task ListsAreNewestFirstFilteredAndWithoutSources()
    {
        var (_, newsletter) = await MakeNewsletter();
        var first = await MakeEdition(newsletter, "First");
        var second = await MakeEdition(newsletter, "Second");

        var list = await Get($"/api/editions?newsletter={newsletter}&state=draft");

        Assert.Equal([second, first], list["items"].AsArray().Select(item => (long)item!["id"]!));
        Assert.All(list["items"].AsArray(), item => Assert.False(item!.AsObject().ContainsKey("source")));
        Assert.Empty((await Get($"/api/editions?newsletter={newsletter}&state=published"))["items"].AsArray());
        foreach (var state in new[] { "lost", "scheduled,held", "scheduled, held", "draft,", "1", "%20draft" })
            Assert.NotEmpty((await Get($"/api/editions?state={state}")).Error("state"));
    }

    [Fact]
    public async Task OnlyDraftsAreDeletedAndOnlyDraftsOrHeldOnesChanged()
    {
        var (_, newsletter) = await MakeNewsletter(cadence: "fridays 08:00");
        var path = $"/api/editions/{await MakeEdition(newsletter)}";
        await Put($"{path}/schedule", new { slot = "next" });

        var change = await Put(path, new { source = Document("Late") });
        Assert.Equal((HttpStatusCode.Conflict, "scheduled"), (change.Status, (string?)change["state"]));
        Assert.Equal(HttpStatusCode.Conflict, (await Delete(path)).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await Delete($"{path}/schedule")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await Delete(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete(path)).Status);
    }

    [Fact]
    public async Task ThePreviewShowsWhatAReaderGetsAndRunsNothing()
    {
        var (_, newsletter) = await MakeNewsletter();
        var path = $"/api/editions/{await MakeEdition(newsletter)}/preview";

        var html = await Get(path);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (html.Status, html.Message.Content.Headers.ContentType!.MediaType));
        Assert.Contains("Hello friend.", html.Text, StringComparison.Ordinal);
        Assert.StartsWith("sandbox;", html.Message.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("Hello friend.", (await Get($"{path}?format=text")).Text, StringComparison.Ordinal);
        var mime = await Get($"{path}?format=mime&variant=premium");
        Assert.Equal("message/rfc822", mime.Message.Content.Headers.ContentType!.MediaType);
        Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click", mime.Text, StringComparison.Ordinal);
        Assert.NotEmpty((await Get($"{path}?format=pdf")).Error("format"));
        Assert.NotEmpty((await Get($"{path}?variant=gold")).Error("variant"));
        Assert.NotEmpty((await Get($"{path}?theme=baroque")).Error("theme"));
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/api/editions/999999/preview")).Status);
        var page = await Get($"{path}?format=page&theme=letter");
        Assert.Equal("text/html", page.Message.Content.Headers.ContentType!.MediaType);
        Assert.Contains("srcdoc=", page.Text, StringComparison.Ordinal);
        Assert.StartsWith("sandbox;", page.Message.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEditionIsPreviewedAsASubscriberWouldGetItNow()
    {
        var (_, newsletter) = await MakeNewsletter();
        var reader = (long)(await Post("/api/subscribers", new { email = "ana@example.com", name = "Ana Lima", newsletter, tier = "premium", attributes = new { city = "Porto", ports = new[] { "a", "b" } }, tags = new[] { "beta" } }))["id"]!;
        var other = (long)(await Post("/api/subscribers", new { email = "bo@example.com", newsletter }))["id"]!;
        await Post("/api/segments", new { newsletter, name = "Beta", filter = "tags has \"beta\"" });
        var made = await Post("/api/editions", new { newsletter, source = "---\ntitle: Hi\n---\n\nDear {{ subscriber.first_name | default: \"friend\" }} of {{ subscriber.attributes.city | default: \"nowhere\" }}, {{ subscriber.attributes.ports | default: \"-\" }}.\n\n:::premium More\nSecret.\n:::\n\n:::only beta\nFor beta.\n:::\n" });
        var path = $"/api/editions/{made["id"]}/preview?format=text";

        var ana = (await Get($"{path}&subscriber={reader}")).Text;
        Assert.Contains("Dear Ana of Porto, a, b.", ana, StringComparison.Ordinal);
        Assert.Contains("Secret.", ana, StringComparison.Ordinal);
        Assert.Contains("For beta.", ana, StringComparison.Ordinal);
        var bo = (await Get($"{path}&subscriber={other}")).Text;
        Assert.Contains("Dear friend of nowhere", bo, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret.", bo, StringComparison.Ordinal);
        Assert.DoesNotContain("For beta.", bo, StringComparison.Ordinal);
        Assert.Contains("For beta.", (await Get($"{path}&variant=free%2Bbeta")).Text, StringComparison.Ordinal);
        Assert.NotEmpty((await Get($"{path}&subscriber=999999")).Error("subscriber"));
        Assert.NotEmpty((await Get($"{path}&subscriber={reader}&variant=free")).Error("variant"));
        Assert.Contains("premium+beta", (await Get($"{path}&variant=nope")).Error("variant"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATemplateThatDoesntParseIsToldWhereverItIsNeeded()
    {
        var (_, newsletter) = await MakeNewsletter(cadence: "fridays 08:00");
        var made = await Post("/api/editions", new { newsletter, source = "---\nsubject: x\n---\n\nHello {{ subscriber.frist_name }}.\n" });
        var path = $"/api/editions/{made["id"]}";

        foreach (var refused in new[] { await Get($"{path}/preview"), await Put($"{path}/schedule", new { slot = "next" }), await Post($"{path}/publish", null), await Post($"{path}/test-sends", new { to = new[] { "a@example.com" } }) })
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.Status);
            Assert.Contains("Line 5", (string?)refused["problems"][0], StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task SchedulesAreLocalTimesOfAZone()
    {
        var (_, newsletter) = await MakeNewsletter();
        var path = $"/api/editions/{await MakeEdition(newsletter)}/schedule";

        // 2031-03-30: the clocks of Berlin go forward at 02:00.
        var gap = await Put(path, new { at = "2031-03-30T02:30", zone = "Europe/Berlin" });
        Assert.Equal(("2031-03-30T03:30:00", "2031-03-30T01:30:00+00:00"), ((string?)gap["at"], (string?)gap["send_at"]));
        Assert.Contains("does not exist", (string?)gap["note"], StringComparison.Ordinal);
        var plain = await Put(path, new { at = "2031-05-06T08:00" });
        Assert.Equal(("Europe/Berlin", "2031-05-06T06:00:00+00:00"), ((string?)plain["zone"], (string?)plain["send_at"]));
        Assert.Null(plain.Json!["note"]);

        Assert.Contains("past", (await Put(path, new { at = "2020-05-06T08:00" })).Error("at"), StringComparison.Ordinal);
        Assert.NotEmpty((await Put(path, new { at = "2031-05-06T08:00+02:00" })).Error("at"));
        Assert.NotEmpty((await Put(path, new { at = "2031-05-06T08:00", zone = "Mars/Olympus" })).Error("zone"));
        Assert.NotEmpty((await Put(path, new { })).Error("at"));
        Assert.NotEmpty((await Put(path, new { slot = "last" })).Error("slot"));
        Assert.NotEmpty((await Put(path, new { slot = "next", zone = "Etc/UTC" })).Error("slot"));
        Assert.Contains("no cadence", (await Put(path, new { slot = "next" })).Error("slot"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Put("/api/editions/999999/schedule", new { slot = "next" })).Status);
    }

    [Fact]
    public async Task NextSlotsAreTakenInTurn()
    {
        var (_, newsletter) = await MakeNewsletter(cadence: "fridays 08:00");
        var first = await Put($"/api/editions/{await MakeEdition(newsletter, "First")}/schedule", new { slot = "next" });
        var second = await Put($"/api/editions/{await MakeEdition(newsletter, "Second")}/schedule", new { slot = "next" });

        var (one, two) = (DateTime.Parse((string)first["at"]!, null), DateTime.Parse((string)second["at"]!, null));
        Assert.Equal((DayOfWeek.Friday, 8, TimeSpan.FromDays(7)), (one.DayOfWeek, one.Hour, two - one));
    }

    [Fact]
    public async Task APublishedEditionShowsItsIssueAndStaysAsItIs()
    {
        var (_, newsletter) = await MakeNewsletter();
        await MakeSubscriber(newsletter, $"{Unique("ana")}@example.com");
        var id = await MakeEdition(newsletter);

        Assert.Equal(HttpStatusCode.Accepted, (await Post($"/api/editions/{id}/publish", null)).Status);
        await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(id, default);

        var edition = await Get($"/api/editions/{id}");
        Assert.Equal("published", (string?)edition["state"]);
        Assert.True((long)edition["issue_id"] > 0);
        Assert.Equal(HttpStatusCode.Conflict, (await Post($"/api/editions/{id}/publish", null)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Delete($"/api/editions/{id}/schedule")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Put($"/api/editions/{id}", new { source = Document("x") })).Status);
    }

    [Fact]
    public async Task TestsGoToAFewGoodAddresses()
    {
        var (_, newsletter) = await MakeNewsletter();
        var path = $"/api/editions/{await MakeEdition(newsletter)}/test-sends";

        var sent = await Post(path, new { to = new[] { "me@example.com", "ME@example.com", "you@example.com" } });
        Assert.True(sent.Status == HttpStatusCode.Accepted, sent.Text);
        Assert.Equal(2, (int)sent["sent"]);
        Assert.NotEmpty((await Post(path, new { to = Array.Empty<string>() })).Error("to"));
        Assert.NotEmpty((await Post(path, new { to = new[] { "nobody" } })).Error("to"));
        Assert.NotEmpty((await Post(path, new { to = Enumerable.Repeat("a@example.com", 21) })).Error("to"));
    }

    [Fact]
    public async Task ANewsletterWithoutAPostalAddressSendsNothing()
    {
        var slug = Unique("bare");
        await Post("/api/newsletters", new { slug, name = "Bare", from_address = "a@example.com" });

        var refused = await Post($"/api/editions/{await MakeEdition(slug)}/publish", null);

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("postal address", (string?)refused["problems"][0], StringComparison.Ordinal);
    }
}
