using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Doctor;

/// <summary>Where a relay is.</summary>
internal static class RelayAddresses
{
    public static async Task<IReadOnlyList<IPAddress>> OfAsync(DnsRecords dns, Relay relay, CancellationToken stop)
    {
        if (IPAddress.TryParse(relay.Host, out var literal))
            return [literal];
        if (relay.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        return [.. (await dns.AddressesAsync(relay.Host, stop)).Values.Select(IPAddress.Parse)];
    }

    /// <summary>The world can reach it: not this machine, a private network (RFC 1918, RFC 4193), a carrier's (RFC 6598), or the link.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any))
            return false;
        if (address.IsIPv4MappedToIPv6)
            return IsPublic(address.MapToIPv4());
        return address.AddressFamily != AddressFamily.InterNetwork || !s_private.Any(network => network.Contains(address));
    }

    private static readonly IPNetwork[] s_private =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("224.0.0.0/3"),
    ];
}
