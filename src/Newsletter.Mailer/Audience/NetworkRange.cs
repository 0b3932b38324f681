using System.Net;

namespace Newsletter.Mailer.Audience;

/// <summary>The network an address belongs to, as limits count: whoever has one address of it usually has them all.</summary>
public static class NetworkRange
{
    private const int BitsOfVersion4 = 24;
    private const int BitsOfVersion6 = 48;

    /// <summary>As <c>203.0.113.0/24</c> or <c>2001:db8:7::/48</c>; <c>unknown</c> where there is no address.</summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
            return "unknown";
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        var bits = bytes.Length == 4 ? BitsOfVersion4 : BitsOfVersion6;
        bytes.AsSpan(bits / 8).Clear();
        return $"{new IPAddress(bytes)}/{bits}";
    }
}
