using Newsletter.Mailer.Host.Commands;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>What a person reads whose settings can't be used: sentences, never a stack trace.</summary>
public sealed class WrongSettingsTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"newsletter-settings-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task EachWrongSettingIsNamedOnce()
    {
        var (exit, error) = await Migrate("""{ "PublicUrl": "http://news.example.com", "Delivery": { "BatchSize": 0 } }""");

        Assert.Equal(1, exit);
        var lines = error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("newsletter: ", line, StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("it must begin with https://", StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("Delivery:BatchSize must be between 1 and 10000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AKeyThatNothingReadsIsAnError()
    {
        var (exit, error) = await Migrate("""{ "Delivry": { "BatchSize": 5 } }""");

        Assert.Equal(1, exit);
        Assert.Contains("Delivry:BatchSize", error, StringComparison.Ordinal);
    }

    private async Task<(int Exit, string Error)> Migrate(string settings)
    {
        await File.WriteAllTextAsync(_file, settings);
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(["migrate", "--config", _file], TextWriter.Null, error);
        return (exit, error.ToString());
    }
}
