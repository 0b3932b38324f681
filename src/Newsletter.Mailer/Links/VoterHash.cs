using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Newsletter.Mailer.Links;

/// <summary>
/// A reader in an anonymous poll: HMAC-SHA256 of poll and reader under a key derived from the ring, so that a second vote takes the first one's place, and a
/// copy of the database alone tells nobody whose a vote is. Whoever has the key ring as well can find out.
/// </summary>
public static class VoterHash
{
    private const string Purpose = "voter hash";
    private const int Length = 16;

    /// <param name="ring">Its keys.</param>
    /// <param name="keyId">The issue's.</param>
    /// <param name="issue">Row id.</param>
    /// <param name="poll">Number of the poll in it.</param>
    /// <param name="subscriber">Row id.</param>
    /// <exception cref="KeyNotFoundException">The key has been taken out of the ring.</exception>
    public static byte[] Of(KeyRing ring, string keyId, long issue, short poll, long subscriber)
    {
        Span<byte> voter = stackalloc byte[18];
        BinaryPrimitives.WriteInt64BigEndian(voter, issue);
        BinaryPrimitives.WriteInt16BigEndian(voter[8..], poll);
        BinaryPrimitives.WriteInt64BigEndian(voter[10..], subscriber);
        var key = ring.Derive(keyId, Purpose) ?? throw new KeyNotFoundException($"The key '{keyId}' is not in Links:Keys.");
        return HMACSHA256.HashData(key, voter)[..Length];
    }
}
