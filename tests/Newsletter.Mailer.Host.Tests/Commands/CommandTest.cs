using Newsletter.Mailer.Host.Commands;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>What a command said, and its exit code.</summary>
public sealed record Said(int Code, string Output, string Error);

/// <summary>Commands as they are typed, each test with a configuration file and a database of its own.</summary>
public abstract class CommandTest : DatabaseTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-commands-").FullName;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await WriteAsync("settings.json", $$"""
            {
              "ConnectionStrings": { "Newsletter": "{{Database.ConnectionString}}" },
              "Links": { "Keys": { "k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" } }
            }
            """);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected string In(string name) => Path.Combine(_folder, name);

    protected async Task<string> WriteAsync(string name, string text)
    {
        await File.WriteAllTextAsync(In(name), text);
        return In(name);
    }

    /// <summary>Runs a command with this test's configuration.</summary>
    protected Task<Said> Run(params string[] args) => RunBare([.. args, "--config", In("settings.json")]);

    /// <summary>Runs a command as it is.</summary>
    internal static async Task<Said> RunBare(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return new Said(code, output.ToString(), error.ToString());
    }
}
