using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Links;

/// <summary>
/// Secrets that must be kept and read again, such as a relay's password: encrypted under a key derived from the key ring, so that a copy of
/// the database alone gives nothing away.
/// </summary>
/// <remarks>
/// <c>keyid.payload</c>, the payload base64url of a 12-byte nonce, a 16-byte tag and the cipher text: AES-256-GCM under
/// HKDF-SHA256(key, info = purpose) (RFC 5869), the key's id and the purpose authenticated with it.
/// </remarks>
public static class SealedSecret
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Encrypts under the ring's active key.</summary>
    /// <param name="ring">Its keys.</param>
    /// <param name="purpose">What the secret is for: one sealed for one purpose opens for no other.</param>
    /// <param name="secret">Any text.</param>
    public static string Seal(KeyRing ring, string purpose, string secret)
    {
        var id = ring.ActiveKey;
        var text = Encoding.UTF8.GetBytes(secret);
        var sealedBytes = new byte[NonceLength + TagLength + text.Length];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(ring.Derive(id, purpose)!, TagLength);
        cipher.Encrypt(nonce, text, sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), Bound(id, purpose));
        return $"{id}.{System.Buffers.Text.Base64Url.EncodeToString(sealedBytes)}";
    }

    /// <summary>Decrypts; null where the key is gone or the text is not what was sealed, and then <paramref name="problem"/> says so to a person.</summary>
    public static string? Open(KeyRing ring, string purpose, string kept, out string? problem)
    {
        problem = null;
        var dot = kept.IndexOf('.', StringComparison.Ordinal);
        var id = dot > 0 ? kept[..dot] : "";
        if (ring.Derive(id, purpose) is not { } key)
        {
            problem = $"it was sealed with the key '{id}', which is not in Links:Keys: put that key back, or give the secret again";
            return null;
        }

        try
        {
            var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(kept.AsSpan(dot + 1));
            var text = new byte[bytes.Length - NonceLength - TagLength];
            using var cipher = new AesGcm(key, TagLength);
            cipher.Decrypt(bytes.AsSpan(0, NonceLength), bytes.AsSpan(NonceLength + TagLength), bytes.AsSpan(NonceLength, TagLength), text, Bound(id, purpose));
            return Encoding.UTF8.GetString(text);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or OverflowException or ArgumentException)
        {
            problem = $"it does not open with the key '{id}': that key is another than it was sealed with, or the text was changed. Give the secret again";
            return null;
        }
    }

    private static byte[] Bound(string id, string purpose) => Encoding.UTF8.GetBytes($"{id}\0{purpose}");
}
