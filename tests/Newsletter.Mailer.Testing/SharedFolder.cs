using Xunit;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// The folder of sample data that lies beside a clone, outside the repository: <c>../shared</c>, else the folder that
/// the environment variable NEWSLETTER_SHARED names.
/// </summary>
public static class SharedFolder
{
    /// <summary>The root of this repository, the folder with Newsletter.Mailer.sln.</summary>
    public static string Repository { get; } = FindRepository()
        ?? throw new DirectoryNotFoundException($"No Newsletter.Mailer.sln above {AppContext.BaseDirectory}.");

    /// <summary>Its path, or null where there is none.</summary>
    // Below Repository, which it needs: initialisers run in the order of the text.
    public static string? Path { get; } = Find();

    /// <summary>The path of something in it.</summary>
    public static string Of(params string[] parts) =>
        System.IO.Path.Combine([Path ?? throw new DirectoryNotFoundException("There is no ../shared folder; mark the test [SharedFact]."), .. parts]);

    private static string? Find()
    {
        var beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository, "../shared"));
        var named = Environment.GetEnvironmentVariable("NEWSLETTER_SHARED");
        return Directory.Exists(beside) ? beside : Directory.Exists(named) ? named : null;
    }

    private static string? FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "Newsletter.Mailer.sln")))
            folder = System.IO.Path.GetDirectoryName(folder);
        return folder;
    }
}

/// <summary>A test that reads <see cref="SharedFolder"/>; skipped only where the folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute() => Skip = SharedSkip.Reason;
}

/// <summary>A theory that reads <see cref="SharedFolder"/>; skipped only where the folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute() => Skip = SharedSkip.Reason;
}

internal static class SharedSkip
{
    public static string? Reason => SharedFolder.Path is null ? "There is no ../shared folder." : null;
}
