using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Which part of the work a process takes.</summary>
public enum HostRole
{
    /// <summary>Requests and jobs.</summary>
    All,

    /// <summary>Requests only; jobs are left to workers.</summary>
    Web,

    /// <summary>Jobs only; nothing listens.</summary>
    Worker,
}

/// <summary>The configuration can't be used. The message is for a person: which key or file, what is wrong, what to do.</summary>
public sealed class ConfigurationException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>How the program was asked to start.</summary>
public sealed record HostSetup
{
    private const string DefaultFile = "appsettings.json";

    public HostRole Role { get; init; } = HostRole.All;

    /// <summary>The configuration file; null: <c>appsettings.json</c> in the current directory, where there is one.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Neither file nor environment is read: only <see cref="Overrides"/> count.</summary>
    public bool IgnoreMachine { get; init; }

    /// <summary>Settings that go before file and environment, such as those of command-line options.</summary>
    public IReadOnlyDictionary<string, string?> Overrides { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>The file first, then the environment (<c>Section__Key</c>, no prefix), then overrides.</summary>
    /// <exception cref="ConfigurationException">The file is missing or unreadable.</exception>
    public IConfigurationRoot LoadConfiguration()
    {
        var builder = new ConfigurationBuilder();
        if (!IgnoreMachine && FilePath() is { } path)
            builder.AddJsonFile(new PhysicalFileProvider(Path.GetDirectoryName(path)!), Path.GetFileName(path), optional: false, reloadOnChange: false);
        if (!IgnoreMachine)
            builder.AddEnvironmentVariables();
        builder.AddInMemoryCollection(Overrides);
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException e) when (e.InnerException is FormatException { InnerException: JsonException json })
        {
            throw new ConfigurationException($"{FilePath()} isn't valid JSON at line {json.LineNumber + 1}, column {json.BytePositionInLine + 1}. Correct it there.", e);
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException($"{FilePath()} can't be read: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>Refuses keys in the file that nothing reads. The environment is full of other programs' keys and isn't judged.</summary>
    /// <exception cref="ConfigurationException">There are such keys.</exception>
    internal static void RefuseUnknownKeys(IConfigurationRoot configuration, IEnumerable<OptionSection> sections)
    {
        string[] known = [.. OptionSections.Keys(sections), "ConnectionStrings:Newsletter", "Logging:LogLevel:*"];
        var unknown = configuration.Providers.Where(provider => provider is JsonConfigurationProvider or JsonStreamConfigurationProvider)
            .SelectMany(file => KeysOf(file, null))
            .Where(key => !OptionSections.IsAmong(known, key))
            .ToList();
        if (unknown.Count > 0)
            throw new ConfigurationException(
                $"The configuration has {(unknown.Count == 1 ? "a key" : "keys")} that nothing reads: {string.Join(", ", unknown)}. See appsettings.example.json for those there are.");
    }

    /// <summary>Every key of a provider that has a value.</summary>
    internal static IEnumerable<string> KeysOf(IConfigurationProvider provider, string? parent)
    {
        foreach (var child in provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var key = parent is null ? child : $"{parent}:{child}";
            // An empty list or object is a key with an empty value of its own.
            if (provider.TryGet(key, out var value) && !string.IsNullOrEmpty(value))
                yield return key;
            foreach (var below in KeysOf(provider, key))
                yield return below;
        }
    }

    private string? FilePath()
    {
        if (ConfigFile is null)
            return File.Exists(DefaultFile) ? Path.GetFullPath(DefaultFile) : null;
        return File.Exists(ConfigFile)
            ? Path.GetFullPath(ConfigFile)
            : throw new ConfigurationException($"There is no configuration file {Path.GetFullPath(ConfigFile)}.");
    }
}
