using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Testing;

/// <summary>The real server on a free loopback port, with a database of its own: Kestrel, configuration, rooms, all as in production.</summary>
public sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly IHost _host;

    private ServerUnderTest(TestDatabase database, IHost host, string key)
    {
        (_database, _host, Key) = (database, host, key);
        Url = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = ClientWith(key);
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>An API key with every scope.</summary>
    public string Key { get; }

    /// <summary>Presents <see cref="Key"/>; follows no redirect.</summary>
    public HttpClient Client { get; }

    /// <summary>The rooms that the server works with.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Its database.</summary>
    public TestDatabase Database => _database;

    /// <summary>Starts one.</summary>
    /// <param name="withWorkers">Also Hangfire's servers and the built-in inbox, so that mail really goes.</param>
    /// <param name="settings">Go before the usual ones.</param>
    public static async Task<ServerUnderTest> StartAsync(bool withWorkers = false, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var database = await TestDatabase.CreateAsync();
        var overrides = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["ConnectionStrings:Newsletter"] = database.ConnectionString,
            ["Links:Keys:k1"] = Convert.ToBase64String(new byte[32].Select((_, i) => (byte)i).ToArray()),
            ["Web:Urls"] = "http://127.0.0.1:0",
            ["Web:ShutdownSeconds"] = "10",
            ["Inbox:Enabled"] = withWorkers ? "true" : "false",
            ["Logging:LogLevel:Default"] = "Error",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
            overrides[name] = value;
        var host = Server.Build(new HostSetup { IgnoreMachine = true, Role = withWorkers ? HostRole.All : HostRole.Web, Overrides = overrides });
        await host.OpenAsync(WhenRunning.Refuse, default);
        await host.StartAsync();
        var made = await host.Services.GetRequiredService<ApiKeyStore>().CreateAsync("all", [.. Scopes.All], null, default);
        return new ServerUnderTest(database, host, made.Token);
    }

    /// <summary>A client that presents this key, or none.</summary>
    public HttpClient ClientWith(string? key)
    {
        var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>A client whose key has these scopes only.</summary>
    public async Task<HttpClient> ClientWithScopesAsync(params string[] scopes) =>
        ClientWith((await Services.GetRequiredService<ApiKeyStore>().CreateAsync("some", scopes, null, default)).Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _database.DisposeAsync();
    }
}
