using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Preflight.Addresses;

/// <summary>Which addresses are the internet's. What an author writes must not make the server knock on doors in its own house.</summary>
public static class PublicAddress
{
    // RFC 6890 and the IANA registries of special-purpose addresses; 169.254.169.254 and fd00:ec2::254 are clouds' metadata.
    private static readonly IPNetwork[] s_special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/127", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    // Addresses of the sixth version that hold one of the fourth: the network → where in its bytes.
    private static readonly (IPNetwork Network, int At)[] s_embedding =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("64:ff9b:1::/48"), 12), (IPNetwork.Parse("2002::/16"), 2), (IPNetwork.Parse("::/96"), 12),
    ];

    /// <summary>Whether anybody may be there, and nobody of one's own.</summary>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
            return IsPublic(address.MapToIPv4());
        if (s_special.Any(network => network.Contains(address)))
            return false;
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.AddressFamily == AddressFamily.InterNetwork;
        var bytes = address.GetAddressBytes();
        return !s_embedding.Any(embedding => embedding.Network.Contains(address) && !IsPublic(new IPAddress(bytes.AsSpan(embedding.At, 4))));
    }
}
