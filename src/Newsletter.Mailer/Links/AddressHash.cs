using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Links;

/// <summary>
/// An address that must be recognised and can't be kept: HMAC-SHA256 of it in lower case, under a key derived from the ring, so that a copy of the
/// database alone does not let anyone try addresses out.
/// </summary>
public static class AddressHash
{
    private const string Purpose = "address hash";

    /// <summary>As it is kept from now on: under the active key.</summary>
    public static byte[] Of(KeyRing ring, string address) => Under(ring, ring.ActiveKey, address);

    /// <summary>As it may have been kept: under every key there is, the active one first.</summary>
    public static byte[][] AllOf(KeyRing ring, string address) =>
        [.. ring.KeyIds.OrderByDescending(id => id == ring.ActiveKey).Select(id => Under(ring, id, address))];

    private static byte[] Under(KeyRing ring, string keyId, string address) =>
        HMACSHA256.HashData(ring.Derive(keyId, Purpose)!, Encoding.UTF8.GetBytes(address.ToLowerInvariant()));
}
