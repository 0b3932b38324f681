using Microsoft.Extensions.Options;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using LinkOptions = Newsletter.Mailer.Links.LinkOptions;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The room Links: where readers reach us, and the keys behind the links they get.</summary>
internal static class LinksWiring
{
    /// <summary>The key ring's file in the data folder of a private cluster.</summary>
    public const string RingFile = "link-keys.json";

    public static void AddLinks(this IServiceCollection services)
    {
        services.AddRoomOptions<LinkOptions>("Links");
        services.AddSingleton(provider => new PublicSite(new Uri(provider.GetRequiredService<IOptions<SiteOptions>>().Value.PublicUrl)));
        services.AddSingleton(Ring);
    }

    private static KeyRing Ring(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<LinkOptions>>().Value;
        if (options.Keys.Count == 0 && provider.GetRequiredService<OpenDatabase>().Host.IsPrivate)
            return KeyRingFile.LoadOrCreate(Path.Combine(DataFolder.Resolve(provider.GetRequiredService<IOptions<SiteOptions>>().Value.DataFolder), RingFile));
        return KeyRing.TryCreate(options, out var ring) is { } problem ? throw new ConfigurationException(problem) : ring!;
    }
}
