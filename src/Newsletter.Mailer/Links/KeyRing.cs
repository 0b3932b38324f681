using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Links;

/// <summary>
/// The HMAC keys behind our links. A token names its key and is bound to one purpose, so that a token mailed for one thing
/// can never do another; losing a key kills the links it signed, so keys are added, not replaced.
/// </summary>
/// <remarks>
/// A token is <c>keyid.payload</c>, the payload base64url of the subject and the first 16 bytes of
/// HMAC-SHA256(key, purpose ‖ 0 ‖ key id ‖ 0 ‖ subject) (RFC 2104 §5 allows truncation to half).
/// </remarks>
public sealed partial class KeyRing
{
    private const int MacLength = 16;
    private const int LongestToken = 200;

    private readonly Dictionary<string, byte[]> _keys;

    private KeyRing(Dictionary<string, byte[]> keys, string activeKey)
    {
        _keys = keys;
        ActiveKey = activeKey;
    }

    /// <summary>Id of the key that new links are signed with.</summary>
    public string ActiveKey { get; }

    /// <summary>Ids of all keys, old ones included.</summary>
    internal IEnumerable<string> KeyIds => _keys.Keys;

    /// <summary>Whether it has a key of this id.</summary>
    internal bool Has(string keyId) => _keys.ContainsKey(keyId);

    /// <summary>A ring of one fresh key.</summary>
    public static KeyRing Generate() =>
        new(new(StringComparer.Ordinal) { ["k1"] = RandomNumberGenerator.GetBytes(32) }, "k1");

    /// <summary>Reads the configured keys.</summary>
    /// <param name="options">As configured.</param>
    /// <param name="ring">The ring, where there is no problem.</param>
    /// <returns>Null, or what is wrong, where, and what to do.</returns>
    public static string? TryCreate(LinkKeyOptions options, out KeyRing? ring)
    {
        ring = null;
        if (options.Keys.Count == 0)
            return "Links:Keys is empty. Links to unsubscribe are signed with these keys and die with them, so none is made up here: set Links:Keys:k1 to 32 random bytes in base64 (for instance the output of 'openssl rand -base64 32') and keep a copy.";

        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (id, secret) in options.Keys)
        {
            if (!KeyId().IsMatch(id))
                return $"Links:Keys:{id} has an id that can't stand in a link: use 1 to 8 lower-case letters and digits.";
            if (!TryDecode(secret, out var key))
                return $"Links:Keys:{id} is not base64 of at least 32 bytes: make one with 'openssl rand -base64 32'.";
            keys[id] = key;
        }

        var active = options.ActiveKey ?? (keys.Count == 1 ? keys.Keys.Single() : null);
        if (active is null)
            return "Links:ActiveKey is missing: with more than one key in Links:Keys it says which one signs from now on.";
        if (!keys.ContainsKey(active))
            return $"Links:ActiveKey is '{active}', which is not in Links:Keys.";

        ring = new KeyRing(keys, active);
        return null;
    }

    /// <summary>The keys as they are written to a file, to be read back with <see cref="TryCreate"/>.</summary>
    internal LinkKeyOptions ToOptions() => new()
    {
        ActiveKey = ActiveKey,
        Keys = _keys.ToDictionary(pair => pair.Key, pair => Convert.ToBase64String(pair.Value), StringComparer.Ordinal),
    };

    /// <summary>Signs with a given key, so that a link made again is the link made first.</summary>
    /// <exception cref="KeyNotFoundException">The key has been taken out of the ring.</exception>
    public string Sign(LinkPurpose purpose, ReadOnlySpan<byte> subject, string keyId)
    {
        var key = KeyOf(keyId);
        Span<byte> token = stackalloc byte[subject.Length + MacLength];
        subject.CopyTo(token);
        Mac(key, purpose, keyId, subject, token[subject.Length..]);
        return $"{keyId}.{Base64Url(token)}";
    }

    /// <summary>Verifies a token of this purpose; false for anything else, whatever it is.</summary>
    public bool TryVerify(LinkPurpose purpose, string? token, out byte[] subject)
    {
        subject = [];
        if (token is null || token.Length > LongestToken || token.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot))
            return false;
        if (!_keys.TryGetValue(token[..dot], out var key) || !TryDecodeUrl(token.AsSpan(dot + 1), out var bytes) || bytes.Length < MacLength)
            return false;

        Span<byte> mac = stackalloc byte[MacLength];
        var content = bytes.AsSpan(0, bytes.Length - MacLength);
        Mac(key, purpose, token[..dot], content, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes.AsSpan(content.Length)))
            return false;

        subject = content.ToArray();
        return true;
    }

    /// <summary>Bytes of a whole MAC, for those who cut it themselves.</summary>
    internal const int FullMacLength = HMACSHA256.HashSizeInBytes;

    /// <summary>The whole MAC, for tokens with a form of their own.</summary>
    /// <exception cref="KeyNotFoundException">The key has been taken out of the ring.</exception>
    internal void Mac(LinkPurpose purpose, ReadOnlySpan<byte> subject, string keyId, Span<byte> mac) => FullMac(KeyOf(keyId), purpose, keyId, subject, mac);

    /// <summary>A key of 32 bytes for one purpose, which tells nothing of the ring's own (RFC 5869); null where the ring has no such key.</summary>
    internal byte[]? Derive(string keyId, string purpose) =>
        _keys.TryGetValue(keyId, out var key) ? HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: Encoding.UTF8.GetBytes(purpose)) : null;

    private byte[] KeyOf(string keyId) => _keys.TryGetValue(keyId, out var key)
        ? key
        : throw new KeyNotFoundException($"The key '{keyId}' is no longer in Links:Keys, but links signed with it are still needed: put it back.");

    private static void Mac(byte[] key, LinkPurpose purpose, string keyId, ReadOnlySpan<byte> subject, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[FullMacLength];
        FullMac(key, purpose, keyId, subject, full);
        full[..MacLength].CopyTo(mac);
    }

    private static void FullMac(byte[] key, LinkPurpose purpose, string keyId, ReadOnlySpan<byte> subject, Span<byte> full)
    {
        var label = Encoding.ASCII.GetBytes($"{purpose.ToString().ToLowerInvariant()}\0{keyId}\0");
        Span<byte> input = stackalloc byte[label.Length + subject.Length];
        label.CopyTo(input);
        subject.CopyTo(input[label.Length..]);
        HMACSHA256.HashData(key, input, full);
    }

    private static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static bool TryDecodeUrl(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[System.Buffers.Text.Base64Url.GetMaxDecodedLength(text.Length)];
        // Whitespace would be skipped and stray bits ignored: one token must have one spelling. The Try… of the decoder throws for what
        // is no base64 at all, hence the first look.
        if (text.ContainsAnyExcept(Alphabet) || !System.Buffers.Text.Base64Url.IsValid(text) || !System.Buffers.Text.Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return false;
        bytes = bytes[..length];
        return text.SequenceEqual(Base64Url(bytes));
    }

    private static bool TryDecode(string? secret, out byte[] key)
    {
        key = new byte[secret?.Length ?? 0];
        if (!Convert.TryFromBase64String(secret ?? "", key, out var length) || length < 32)
            return false;
        key = key[..length];
        return true;
    }

    private static readonly System.Buffers.SearchValues<char> Alphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    [GeneratedRegex("^[a-z0-9]{1,8}$", RegexOptions.NonBacktracking)]
    private static partial Regex KeyId();
}
