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
}
