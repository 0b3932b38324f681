using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Wiring;

public sealed class ConfigurationTests
{
    private static readonly string s_example = File.ReadAllText(Path.Combine(SharedFolder.Repository, "appsettings.example.json"));

    // Lines commented out that would be JSON: keys without a default.
    private static readonly string s_complete = Regex.Replace(s_example, """^\s*// (?=\s*["{}])""", "", RegexOptions.Multiline | RegexOptions.ExplicitCapture);

    private static IReadOnlyList<OptionSection> Sections { get; } = Collect();

    [Fact]
    public void TheExampleNamesEveryKeyThatIsRead()
    {
        var named = Keys(Read(s_complete)).ToList();

        var missing = OptionSections.Keys(Sections).Append("ConnectionStrings:Newsletter")
            .Where(known => !named.Exists(name => OptionSections.IsAmong([known], name)));

        Assert.Empty(missing);
    }

    [Fact]
    public void TheExampleNamesNoKeyThatNothingReads()
    {
        HostSetup.RefuseUnknownKeys(Read(s_complete), Sections);
        HostSetup.RefuseUnknownKeys(Read(s_example), Sections);
    }

    [Fact]
    public void TheExampleShowsTheDefaults()
    {
        using var services = BuildRooms(Read(s_example));
        foreach (var section in Sections)
        {
            var type = typeof(IOptions<>).MakeGenericType(section.Type);
            var bound = type.GetProperty("Value")!.GetValue(services.GetRequiredService(type));

            Assert.Equal(JsonSerializer.Serialize(Activator.CreateInstance(section.Type), section.Type), JsonSerializer.Serialize(bound, section.Type));
        }
    }

    [Fact]
    public void TheCompleteExampleIsValid()
    {
        using var services = BuildRooms(Read(s_complete));

        services.ValidateSettings();
        Assert.Equal("smtp.example.com", services.GetRequiredService<IOptions<DeliveryOptions>>().Value.Relays.Single().Host);
    }

    [Fact]
    public void AListThatIsConfiguredReplacesTheDefault()
    {
        using var services = BuildRooms(Read("""{ "Delivery": { "RetryMinutes": [ 1, 2 ] } }"""));

        Assert.Equal([1, 2], services.GetRequiredService<IOptions<DeliveryOptions>>().Value.RetryMinutes);
    }

    [Theory]
    [InlineData("""{ "Delivry": { "BatchSize": 1 } }""", "Delivry:BatchSize")]
    [InlineData("""{ "Delivery": { "BatchSzie": 1 } }""", "Delivery:BatchSzie")]
    [InlineData("""{ "Delivery": { "Relays": [ { "Hots": "x" } ] } }""", "Delivery:Relays:0:Hots")]
    [InlineData("""{ "Database": { "DataFolder": "/x" } }""", "Database:DataFolder")]
    [InlineData("""{ "ConnectionStrings": { "Newsleter": "x" } }""", "ConnectionStrings:Newsleter")]
    public void AMisspeltKeyIsRefusedByName(string json, string named) =>
        Assert.Contains(named, Assert.Throws<ConfigurationException>(() => HostSetup.RefuseUnknownKeys(Read(json), Sections)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("PublicUrl", "http://news.example.com", "https://")]
    [InlineData("PublicUrl", "news.example.com", "PublicUrl")]
    [InlineData("PublicUrl", "https://news.example.com/?a=b", "query")]
    [InlineData("Web:Urls", "eight thousand", "Web:Urls")]
    [InlineData("Web:KnownProxies:0", "the proxy", "Web:KnownProxies")]
    [InlineData("Web:MaxBodyBytes", "1", "MaxBodyBytes")]
    [InlineData("Delivery:BatchSize", "0", "Delivery:BatchSize")]
    [InlineData("Delivery:BatchSize", "many", "Delivery:BatchSize can't be 'many': it must be a whole number")]
    [InlineData("Delivery:Relays:0:Port", "25", "Delivery:Relays:0")]
    [InlineData("Database:MaxPoolSize", "199", "Database:MaxPoolSize")]
    public void AWrongValueIsRefusedAtTheStartByItsKey(string key, string value, string says)
    {
        using var services = BuildRooms(With(key, value));

        var refused = Assert.Throws<ConfigurationException>(() => services.ValidateSettings());

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Single(refused.Message.Split('\n'));
    }

    [Theory]
    [InlineData("https://news.example.com")]
    [InlineData("http://localhost:8080")]
    [InlineData("http://127.0.0.1")]
    [InlineData("https://example.com/letters")]
    public void APublicUrlMayBe(string url)
    {
        using var services = BuildRooms(With("PublicUrl", url));

        services.ValidateSettings();
    }

    [Fact]
    public void TheDataFolderReachesTheDatabase()
    {
        using var services = BuildRooms(With("DataFolder", "/srv/newsletter"));

        Assert.Equal("/srv/newsletter", services.GetRequiredService<IOptions<DatabaseOptions>>().Value.DataFolder);
    }

    [Fact]
    public async Task OverridesGoBeforeTheFile()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{ "PublicUrl": "https://file.example.com", "AllowedHosts": "a;b" } // and a comment""");

        var configuration = new HostSetup { ConfigFile = file, Overrides = new Dictionary<string, string?> { ["PublicUrl"] = "https://override.example.com" } }.LoadConfiguration();

        Assert.Equal(("https://override.example.com", "a;b"), (configuration["PublicUrl"], configuration["AllowedHosts"]));
        File.Delete(file);
    }

    [Fact]
    public async Task ABrokenFileIsToldByLineAndAMissingOneByName()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "{\n  \"PublicUrl\": oops\n}");

        Assert.Contains("line 2", Assert.Throws<ConfigurationException>(() => new HostSetup { ConfigFile = file }.LoadConfiguration()).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains(file, Assert.Throws<ConfigurationException>(() => new HostSetup { ConfigFile = file }.LoadConfiguration()).Message, StringComparison.Ordinal);
    }

    private static IConfigurationRoot Read(string json) => new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();

    private static IConfigurationRoot With(string key, string value) => new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();

    // An empty value is a key too.
    private static IEnumerable<string> Keys(IConfigurationRoot configuration) => configuration.AsEnumerable().Select(pair => pair.Key);

    private static IReadOnlyList<OptionSection> Collect()
    {
        var services = new ServiceCollection();
        services.AddRooms();
        return [.. services.Select(service => service.ImplementationInstance).OfType<OptionSection>()];
    }

    private static ServiceProvider BuildRooms(IConfigurationRoot configuration)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddRooms();
        return services.BuildServiceProvider();
    }
}
