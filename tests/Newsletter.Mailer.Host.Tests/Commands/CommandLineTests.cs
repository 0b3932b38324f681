using System.CommandLine;
using System.Text.Json.Nodes;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Host.Commands;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class CommandLineTests : CommandTest
{
    [Fact]
    public async Task EveryVerbHasHelp()
    {
        foreach (var path in Verbs(CommandLine.Root()))
        {
            var said = await RunBare([.. path, "--help"]);

            Assert.True(said.Code == 0 && said.Output.Contains("Usage:", StringComparison.Ordinal) && said.Error.Length == 0, string.Join(' ', path));
        }
    }

    [Fact]
    public async Task AnUnknownVerbOrOptionIsToldOnStandardErrorOnly()
    {
        foreach (var said in new[] { await RunBare("snd"), await RunBare("editions", "snd"), await RunBare("keys", "create", "--days", "many"), await RunBare("serve", "--role", "chef"), await RunBare("demo", "--subscribers", "many"), await RunBare("demo", "--subscribers", "0") })
        {
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.StartsWith("newsletter: ", said.Error, StringComparison.Ordinal);
            Assert.Contains("--help", said.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("System.", said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TheFirstKeyIsMadeByCommandAndWorks()
    {
        var plain = await Run("keys", "create", "--scope", Scopes.ReadIssues, "--scope", Scopes.Operate, "--name", "first", "--days", "3");
        var json = await Run("keys", "create", "--json");

        Assert.Equal((0, 0), (plain.Code, json.Code));
        var admitted = Assert.IsType<KeyCheck.Admitted>(await new ApiKeyStore(DataSource).CheckAsync(plain.Output.TrimEnd(), default)).Key;
        Assert.Equal([Scopes.ReadIssues, Scopes.Operate], admitted.Scopes);
        Assert.InRange(admitted.ExpiresAt!.Value - admitted.CreatedAt, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3.1));
        Assert.Equal(Scopes.All.Count, JsonNode.Parse(json.Output)!["key"]!["scopes"]!.AsArray().Count);
        Assert.StartsWith("nlm_", (string?)JsonNode.Parse(json.Output)!["token"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyOfNoScopeIsRefused() =>
        Assert.Contains("There is no scope everything", (await Run("keys", "create", "--scope", "everything")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task MigratingTwiceSaysSo()
    {
        Assert.Equal((0, "The schema is up to date." + Environment.NewLine, ""), Tuple(await Run("migrate")));
        Assert.Equal("""{"applied":[]}""", (await Run("migrate", "--json")).Output.Trim());

        static (int, string, string) Tuple(Said said) => (said.Code, said.Output, said.Error);
    }

    [Fact]
    public async Task AWrongConfigurationIsToldInASentenceEach()
    {
        var missing = await RunBare("migrate", "--config", In("nowhere.json"));
        var broken = await RunBare("migrate", "--config", await WriteAsync("broken.json", "{ nonsense"));
        var unknown = await RunBare("migrate", "--config", await WriteAsync("unknown.json", """{ "Delivery": { "Bacth": 1 } }"""));
        var wrong = await RunBare("migrate", "--config", await WriteAsync("wrong.json", """{ "PublicUrl": "http://news.example.com", "Web": { "MaxBodyBytes": 1 } }"""));

        Assert.All([missing, broken, unknown, wrong], said => Assert.Equal((1, ""), (said.Code, said.Output)));
        Assert.Contains("nowhere.json", missing.Error, StringComparison.Ordinal);
        Assert.Contains("line 1", broken.Error, StringComparison.Ordinal);
        Assert.Contains("Delivery:Bacth", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("https://", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("Web:MaxBodyBytes", wrong.Error, StringComparison.Ordinal);
        Assert.All([missing, broken, unknown, wrong], said => Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnUnreachableDatabaseIsToldWithoutAStackTrace()
    {
        var said = await RunBare("keys", "create", "--config", await WriteAsync("away.json", """
            { "ConnectionStrings": { "Newsletter": "Host=127.0.0.1;Port=1;Database=x;Username=x" }, "Links": { "Keys": { "k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } }, "Database": { "StartTimeoutSeconds": 1 } }
            """));

        Assert.Equal((1, ""), (said.Code, said.Output));
        Assert.Contains("127.0.0.1", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithADatabaseOfOnesOwnThereMustBeALinkKey()
    {
        var said = await RunBare("keys", "create", "--config", await WriteAsync("keyless.json", $$"""{ "ConnectionStrings": { "Newsletter": "{{Database.ConnectionString}}" } }"""));

        Assert.Equal(1, said.Code);
        Assert.Contains("Links:Keys", said.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<string[]> Verbs(Command command) =>
        command.Subcommands.SelectMany(verb => verb.Subcommands.Count == 0 ? [[verb.Name]] : Verbs(verb).Select(below => (string[])[verb.Name, .. below]).Append([verb.Name]));
}
