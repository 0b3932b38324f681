using System.Text.Json;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering.MailClients;

/// <summary>What mail clients can do, after caniemail.com (MIT): feature × client → y (yes), a (partly), n (no) or u (nobody knows).</summary>
internal sealed class CanIEmail
{
    /// <summary>The clients that an edition must look right in.</summary>
    public static readonly IReadOnlyList<string> Clients =
    [
        "gmail/desktop-webmail", "gmail/android", "gmail/ios",
        "outlook/windows", "outlook/outlook-com", "outlook/macos", "outlook/ios", "outlook/android",
        "apple-mail/macos", "apple-mail/ios",
        "yahoo/desktop-webmail", "yahoo/android", "yahoo/ios",
        "samsung-email/android", "thunderbird/macos",
    ];

    private readonly Dictionary<string, Dictionary<string, string>> _features = new(StringComparer.Ordinal);

    private CanIEmail()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Of("data", "caniemail", "caniemail.json")));
        foreach (var feature in file.RootElement.GetProperty("features").EnumerateObject())
            _features[feature.Name] = feature.Value.GetProperty("support").EnumerateObject()
                .ToDictionary(client => client.Name, client => client.Value[0].GetString()!, StringComparer.Ordinal);
    }

    public static CanIEmail Read() => new();

    public bool Knows(string feature) => _features.ContainsKey(feature);

    /// <summary>Those of our clients that don't have the feature, or only in part.</summary>
    public IEnumerable<string> Without(string feature) =>
        Clients.Where(client => _features[feature].TryGetValue(client, out var has) && has is "n" or "a");
}
