using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Newsletter.Mailer.Feedback.Visits;

/// <summary>
/// Tells the visitors of an anonymous issue apart, and forgets how: a hash of the network address under a key that is made anew each day, lives in
/// this process alone and is written nowhere. Whoever has the database can't find out who a visitor was, not even by trying all addresses.
/// </summary>
public sealed class Visitors(TimeProvider clock)
{
    private const int HashLength = 8;
    private readonly Lock _lock = new();
    private DateOnly _day;
    private byte[] _key = [];

    /// <summary>The visitor at an address, of IPv6 its /64.</summary>
    public byte[] At(IPAddress? address) => HMACSHA256.HashData(KeyOfToday(), Network(address ?? IPAddress.None))[..HashLength];

    private byte[] KeyOfToday()
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        lock (_lock)
        {
            if (_day != today)
                (_day, _key) = (today, RandomNumberGenerator.GetBytes(32));
            return _key;
        }
    }

    private static byte[] Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), 0);
        return bytes;
    }
}
