using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

/// <summary>One server for every test of the collection: each makes newsletters of its own.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    public ServerUnderTest Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await ServerUnderTest.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class ApiGroup : ICollectionFixture<ApiFixture>
{
    public const string Name = "API";
}

/// <summary>An answer, read.</summary>
public sealed record Answer(HttpStatusCode Status, JsonNode? Json, string Text, HttpResponseMessage Message)
{
    public JsonNode this[string name] => Json![name]!;

    /// <summary>The messages about a field, where the answer is a problem.</summary>
    public string Error(string field)
    {
        Assert.True(Message.Content.Headers.ContentType?.MediaType == "application/problem+json" && Json!["errors"]?[field] is not null, $"no error of {field} in {(int)Status} {Text}");
        return string.Join(" ", Json!["errors"]![field]!.AsArray().Select(message => (string)message!));
    }

    public string Detail => (string)Json!["detail"]!;
}

[Collection(ApiGroup.Name)]
public abstract class ApiTest(ApiFixture fixture)
{
    protected ServerUnderTest Server => fixture.Server;

    protected static string Unique(string word) => $"{word}-{Guid.NewGuid().ToString("n")[..8]}";

    protected Task<Answer> Get(string path) => Send(HttpMethod.Get, path);

    protected Task<Answer> Post(string path, object? body) => Send(HttpMethod.Post, path, body);

    protected Task<Answer> Put(string path, object? body) => Send(HttpMethod.Put, path, body);

    protected Task<Answer> Delete(string path) => Send(HttpMethod.Delete, path);

    protected Task<Answer> Send(HttpMethod method, string path, object? body = null, HttpClient? client = null) =>
        SendRaw(method, path, body is null ? null : Json(body is string text ? text : System.Text.Json.JsonSerializer.Serialize(body)), client);

    protected async Task<Answer> SendRaw(HttpMethod method, string path, HttpContent? content, HttpClient? client = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await (client ?? Server.Client).SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new Answer(response.StatusCode, isJson && text.Length > 0 ? JsonNode.Parse(text) : null, text, response);
    }

    protected static HttpContent Json(string text) => Typed(text, "application/json");

    protected static HttpContent Typed(string text, string type) =>
        new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    /// <summary>A newsletter that can be sent.</summary>
    protected async Task<(long Id, string Slug)> MakeNewsletter(string? cadence = null)
    {
        var slug = Unique("tea");
        var made = await Post("/api/newsletters", new { slug, name = "Tea", from_address = "tea@example.com", postal_address = "1 Street", cadence, time_zone = "Europe/Berlin" });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return ((long)made["id"], slug);
    }

    protected static string Document(string title, string extra = "") => $"---\ntitle: {title}\n{extra}---\n\nHello {{{{ subscriber.first_name | default: \"friend\" }}}}.\n";

    protected async Task<long> MakeEdition(string newsletter, string title = "First", string extra = "")
    {
        var made = await Post("/api/editions", new { newsletter, source = Document(title, extra) });
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        return (long)made["id"];
    }

    protected async Task<long> MakeSubscriber(string newsletter, string email, string? name = null)
    {
        var made = await Post("/api/subscribers", new { email, name, newsletter });
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        return (long)made["id"];
    }
}
