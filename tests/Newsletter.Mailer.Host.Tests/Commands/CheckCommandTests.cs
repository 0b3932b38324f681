using System.Text.Json.Nodes;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class CheckCommandTests : CommandTest
{
    private const string Good = "---\nnewsletter: tea\ntitle: Hello\npreheader: What came in\n---\n\nHi {{ subscriber.first_name | default: \"friend\" }}!\n";

    [Fact]
    public async Task TheSampleEditionIsFine()
    {
        var said = await RunBare("editions", "check", await WriteAsync("e.md", SampleEdition.Source));

        Assert.Equal((0, "It can be sent.\n", ""), (said.Code, said.Output, said.Error));
    }

    [Fact]
    public async Task ErrorsAreToldFirstWithTheirPlaceAndEndInOne()
    {
        var file = await WriteAsync("e.md", Good + "\nSee [here](https://a.example.org/) or [here](https://b.example.org/), *|FNAME|*.\n");

        var said = await RunBare("editions", "check", file);

        Assert.Equal(1, said.Code);
        Assert.StartsWith($"1 error\n  {file}:9:", said.Output, StringComparison.Ordinal);
        Assert.Contains("merge-tag-left", said.Output, StringComparison.Ordinal);
        Assert.Contains("1 warning", said.Output.Replace("2 warnings", "1 warning", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Also at 9:", said.Output, StringComparison.Ordinal);
        Assert.EndsWith("It can't be sent as it stands.\n", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WarningsEndInZero()
    {
        var said = await RunBare("editions", "check", await WriteAsync("e.md", Good + "\nDear [NAME].\n"));

        Assert.Equal(0, said.Code);
        Assert.EndsWith("It can be sent; the warnings are worth a look.\n", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheObjectHasEveryFinding()
    {
        var said = await RunBare("editions", "check", await WriteAsync("e.md", Good + "\nDear [NAME].\n"), "--json");

        var answer = JsonNode.Parse(said.Output)!;
        Assert.Equal((0, 1, 0), ((int)answer["errors"]!, (int)answer["warnings"]!, (int)answer["notes"]!));
        var found = Assert.Single(answer["findings"]!.AsArray())!;
        Assert.Equal(("placeholder-left", "warning", 9, 6), ((string?)found["code"], (string?)found["severity"], (int)found["line"]!, (int)found["column"]!));
        Assert.Null(answer["spam"]);
    }

    [Fact]
    public async Task AnotherToolsFileAndAnotherThemeAreTaken()
    {
        var file = await WriteAsync("e.md", "---\nlayout: post\nzoom: 11\n---\n\nHello.\n");

        Assert.Equal(1, (await RunBare("editions", "check", file)).Code);
        Assert.Equal(0, (await RunBare("editions", "check", file, "--body-only", "--theme", "letter")).Code);
        Assert.Contains("There is no theme", (await RunBare("editions", "check", file, "--body-only", "--theme", "neon")).Output, StringComparison.Ordinal);
        Assert.Contains("There is no file", (await RunBare("editions", "check", In("nothing.md"))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LinksAreOpenedWhenAskedForOnly()
    {
        var file = await WriteAsync("e.md", Good + "\nSee [the log](https://localhost/log).\n");

        Assert.DoesNotContain("is not opened", (await RunBare("editions", "check", file)).Output, StringComparison.Ordinal);
        var asked = JsonNode.Parse((await RunBare("editions", "check", file, "--links", "--json")).Output)!;
        Assert.Equal("link-private", (string?)Assert.Single(asked["findings"]!.AsArray())!["code"]);
    }

    [Fact]
    [Trait("Category", "SpamFilter")]
    public async Task TheSpamFiltersViewIsShown()
    {
        var file = await WriteAsync("e.md", SampleEdition.Source);

        var shown = await RunBare("editions", "check", file, "--spam");
        var asObject = JsonNode.Parse((await RunBare("editions", "check", file, "--spam", "--json")).Output)!["spam"]!;

        Assert.Contains("SpamAssassin: ", shown.Output, StringComparison.Ordinal);
        Assert.Contains("HTML_MESSAGE", shown.Output, StringComparison.Ordinal);
        Assert.Equal(("SpamAssassin", 5.0), ((string?)asObject["filter"], (double)asObject["limit"]!));
        Assert.NotEmpty(asObject["rules"]!.AsArray());
        Assert.Contains("without a DKIM signature", shown.Output, StringComparison.Ordinal);
        Assert.False((bool)asObject["dkim_signed"]!);
    }

    [Fact]
    public void TheReadmeListsEveryCheck()
    {
        var readme = File.ReadAllText(Path.Combine(SharedFolder.Repository, "README.md"));

        foreach (var rule in Newsletter.Mailer.Preflight.PreflightRules.All)
            Assert.Contains($"| `{rule.Code}` | {rule.Severity.ToString().ToLowerInvariant()} | {rule.Says.Replace("|", "\\|", StringComparison.Ordinal)} |", readme, StringComparison.Ordinal);
    }
}
