using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>How requests show whose they are.</summary>
internal static class Proofs
{
    /// <summary>Providers send again for a day after an outage of ours; where they sign the time, nothing older is taken.</summary>
    private static readonly TimeSpan s_window = TimeSpan.FromHours(24);

    /// <summary>Why what isn't timely is refused.</summary>
    public const string Untimely = "It was signed more than a day ago, or ahead of time.";

    /// <summary>Our clocks may differ.</summary>
    private static readonly TimeSpan s_ahead = TimeSpan.FromMinutes(5);

    public static bool IsTimely(DateTimeOffset? signed, DateTimeOffset now) => signed is { } at && at > now - s_window && at < now + s_ahead;

    /// <summary>The secret is the password of Basic authentication, or stands in the URL.</summary>
    public static bool HasSecret(WebhookRequest request, string secret) => Same(request.Key, secret) || Same(BasicPassword(request.Header("Authorization")), secret);

    /// <summary>In a time that doesn't tell where they differ.</summary>
    public static bool Same(string? given, string expected) =>
        given is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));

    /// <summary>HMAC-SHA256 in hexadecimal.</summary>
    public static bool IsHmac(string? given, string key, ReadOnlySpan<byte> text) =>
        Same(given?.ToLowerInvariant(), Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), text)));

    private static string? BasicPassword(string? header)
    {
        const string Scheme = "Basic ";
        if (header?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) != true)
            return null;
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Scheme.Length..].Trim(), bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? pair[(colon + 1)..] : null;
    }
}
