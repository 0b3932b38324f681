using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Wiring;

/// <summary>Whose word is taken for where a request comes from: it limits sign-ups, and stands in the ledger of consents.</summary>
public sealed class ProxyTests
{
    [Theory]
    [InlineData(null, "127.0.0.1")]
    [InlineData("10.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "198.51.100.7")]
    [InlineData("127.0.0.0/8", "198.51.100.7")]
    public async Task NobodyIsBelievedWhoIsNotNamed(string? proxy, string network)
    {
        await using var server = await ServerUnderTest.StartAsync(settings: proxy is null ? null : new Dictionary<string, string?>(StringComparer.Ordinal) { ["Web:KnownProxies:0"] = proxy });
        var newsletter = await Some.NewsletterAsync(server.Database);
        var reader = (await Some.SubscribersAsync(server.Database, newsletter, 1)).Single();
        var keys = server.Services.GetRequiredService<KeyRing>();
        using var client = server.ClientWith(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/unsubscribe/" + new UnsubscribeToken(newsletter.Id, reader, 0).Sign(keys, keys.ActiveKey));
        request.Content = new FormUrlEncodedContent([KeyValuePair.Create("leave", "1")]);
        request.Headers.Add("X-Forwarded-For", "198.51.100.7");

        using var answer = await client.SendAsync(request);

        answer.EnsureSuccessStatusCode();
        Assert.Equal(network, await server.Database.ScalarAsync<string>("select host(ip) from consents"));
    }
}
