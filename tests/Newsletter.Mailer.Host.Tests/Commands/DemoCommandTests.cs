using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Commands;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task PostgreSqlIsTakenFromWhereTheMachineSaysItIs()
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-demo-").FullName;
        // PostgreSQL runs as another account where the tests are root, and must come through to its own folder.
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        using var demo = Newsletter.Mailer.Testing.ProgramProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["DataFolder"] = folder, ["Database__PostgresPrograms"] = "/nowhere/bin" },
            "demo", "--subscribers", "1", "--exit");

        var code = await demo.EndAsync(TimeSpan.FromMinutes(5));

        Directory.Delete(folder, recursive: true);
        Assert.Equal(1, code);
        Assert.Contains("/nowhere/bin (Database:PostgresPrograms)", demo.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", 3)]
    [InlineData("full_name", 3)]
    [InlineData("email", 3)]
    [InlineData("address", 3)]
    [InlineData("City", 3)]
    [InlineData("_", 3)]
    [InlineData("team", 4)]
    [InlineData("first_name", 4)]
    public async Task WhatAnEditionAsksForIsAColumnUnlessItIsOneAlready(string attribute, int columns)
    {
        var body = $"{{{{ subscriber.attributes.{attribute} | default: \"x\" }}}}{{{{ subscriber.attributes.{attribute.ToUpperInvariant()} | default: \"y\" }}}}";
        var document = Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse($"---\ntitle: Hello\n---\n\n{body}\n", FrontMatterRules.Edition)).Edition;

        using var file = new StreamReader(DemoReaders.Csv(1, DemoReaders.AttributesIn(document)));
        var header = (await file.ReadLineAsync())!.Split(',');

        Assert.Equal((null, columns), (ImportHeader.Read(header).Problem, header.Length));
        Assert.Equal(columns, (await file.ReadLineAsync())!.Split(',').Length);
    }
}
