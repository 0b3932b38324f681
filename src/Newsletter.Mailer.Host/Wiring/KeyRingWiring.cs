using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The keys behind our links: configured, or kept in the data folder of a private cluster.</summary>
internal static class KeyRingWiring
{
    /// <summary>The key ring's file in the data folder of a private cluster.</summary>
    public const string File = "link-keys.json";

    public static void AddKeyRing(this IServiceCollection services) => services.AddSingleton(Load);

    private static KeyRing Load(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<LinkKeyOptions>>().Value;
        if (options.Keys.Count == 0 && provider.GetRequiredService<OpenDatabase>().Host.IsPrivate)
            return KeyRingFile.LoadOrCreate(Path.Combine(DataFolder.Resolve(provider.GetRequiredService<IOptions<SiteOptions>>().Value.DataFolder), File));
        return KeyRing.TryCreate(options, out var ring) is { } problem ? throw new ConfigurationException(problem) : ring!;
    }
}
