using System.Security.Cryptography;

namespace Newsletter.Mailer.Links;

/// <summary>One delivery, named where only lower-case letters and digits survive: in the sender's address of a mail that may come back (VERP).</summary>
/// <remarks>
/// The token is base32 (RFC 4648 §6) in lower case without padding, of the issue and the delivery's number in it, each in base 128, and the
/// first 10 bytes (80 bits) of the ring's MAC. It names no key, for want of room: every key of the ring is tried.
/// </remarks>
public readonly record struct DeliveryToken(long IssueId, int Seq)
{
    /// <summary>The longest token there is, in characters: nine bytes of issue, five of number, ten of MAC.</summary>
    public const int MaxLength = ((Varint.MaxLength + 5 + MacLength) * 8 + 4) / 5;

    private const int MacLength = 10;

    /// <summary>The token; the same delivery and key give the same.</summary>
    /// <param name="ring">Signs it.</param>
    /// <param name="keyId">With this key.</param>
    /// <param name="purpose"><see cref="LinkPurpose.Delivery"/>, or <see cref="LinkPurpose.Leave"/>: one is never good for the other.</param>
    public string Sign(KeyRing ring, string keyId, LinkPurpose purpose = LinkPurpose.Delivery)
    {
        Span<byte> bytes = stackalloc byte[2 * Varint.MaxLength + KeyRing.FullMacLength];
        var length = Varint.Write(bytes, IssueId);
        length += Varint.Write(bytes[length..], Seq);
        Span<byte> mac = stackalloc byte[KeyRing.FullMacLength];
        ring.Mac(purpose, bytes[..length], keyId, mac);
        mac[..MacLength].CopyTo(bytes[length..]);
        return Base32.Encode(bytes[..(length + MacLength)]);
    }

    /// <summary>Null for a token that isn't ours, whatever it is. Case doesn't matter: servers fold it.</summary>
    public static DeliveryToken? Verify(KeyRing ring, ReadOnlySpan<char> token, LinkPurpose purpose = LinkPurpose.Delivery)
    {
        Span<byte> bytes = stackalloc byte[2 * Varint.MaxLength + MacLength];
        if (token.Length > MaxLength || !Base32.TryDecode(token, bytes, out var length) || length <= MacLength)
            return null;
        ReadOnlySpan<byte> subject = bytes[..(length - MacLength)];
        if (!IsSigned(ring, purpose, subject, bytes[(length - MacLength)..length]))
            return null;
        return Varint.TryRead(ref subject, out var issue) && Varint.TryRead(ref subject, out var seq) && subject.IsEmpty && seq is >= 0 and <= int.MaxValue
            ? new DeliveryToken(issue, (int)seq)
            : null;
    }

    private static bool IsSigned(KeyRing ring, LinkPurpose purpose, ReadOnlySpan<byte> subject, ReadOnlySpan<byte> given)
    {
        Span<byte> mac = stackalloc byte[KeyRing.FullMacLength];
        foreach (var keyId in ring.KeyIds)
        {
            ring.Mac(purpose, subject, keyId, mac);
            if (CryptographicOperations.FixedTimeEquals(mac[..MacLength], given))
                return true;
        }

        return false;
    }
}
