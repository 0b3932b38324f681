using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Doctor;

/// <summary>A domain's SPF record in its parts (RFC 7208 §4.5, §5, §6).</summary>
internal sealed record SpfRecord(IReadOnlyList<SpfTerm> Terms)
{
    private static readonly string[] s_mechanisms = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"];

    /// <summary>The domain evaluation goes on with where nothing matched; null: none.</summary>
    public string? Redirect => Terms.FirstOrDefault(term => term.Name == "redirect")?.Value;

    /// <summary>What becomes of everyone else: <c>-</c>, <c>~</c>, <c>?</c>, <c>+</c>; null where the record doesn't say.</summary>
    public char? All => Terms.FirstOrDefault(term => term.Name == "all")?.Qualifier;

    public static bool IsOne(string record) =>
        record.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || record.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase);

    /// <summary>Null, or what is wrong.</summary>
    public static string? TryParse(string text, out SpfRecord record)
    {
        var terms = new List<SpfTerm>();
        record = new SpfRecord(terms);
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            var term = SpfTerm.Parse(word);
            if (!term.IsModifier && !s_mechanisms.Contains(term.Name))
                return $"'{word}' is no mechanism";
            if (term.Name is "include" or "exists" or "redirect" && term.Value.Length == 0)
                return $"'{word}' names no domain";
            if (term.Name is "ip4" or "ip6" && term.Network() is null)
                return $"'{word}' has no {(term.Name == "ip4" ? "IPv4" : "IPv6")} address or network";
            terms.Add(term);
        }

        return null;
    }
}

/// <summary>A mechanism or a modifier.</summary>
/// <param name="Qualifier"><c>+</c> where none is written.</param>
/// <param name="Name">Lower case.</param>
/// <param name="Value">What stands behind the colon or the equals sign, a prefix length left out where it has a domain; else empty.</param>
/// <param name="Prefix">Length of the IPv4 prefix of <c>a</c> and <c>mx</c>; null: the address alone.</param>
/// <param name="IsModifier">Written with an equals sign.</param>
internal sealed record SpfTerm(char Qualifier, string Name, string Value, int? Prefix, bool IsModifier)
{
    /// <summary>Costs a look into the DNS, of which ten are allowed (RFC 7208 §4.6.4).</summary>
    public bool CostsLookup => Name is "include" or "a" or "mx" or "ptr" or "exists" or "redirect";

    public static SpfTerm Parse(string word)
    {
        var qualifier = word[0] is '+' or '-' or '~' or '?' ? word[0] : '+';
        var rest = word[0] is '+' or '-' or '~' or '?' ? word[1..] : word;
        var end = rest.AsSpan().IndexOfAny(":=/");
        var name = (end < 0 ? rest : rest[..end]).ToLowerInvariant();
        if (end >= 0 && rest[end] == '=')
            return new SpfTerm('+', name, rest[(end + 1)..], null, true);
        var value = end < 0 ? "" : rest[end] == ':' ? rest[(end + 1)..] : rest[end..];
        if (name is "ip4" or "ip6" || value.IndexOf('/', StringComparison.Ordinal) is not (>= 0 and var slash))
            return new SpfTerm(qualifier, name, value, null, false);
        return new SpfTerm(qualifier, name, value[..slash], int.TryParse(value[(slash + 1)..].Split('/')[0], out var length) ? length : null, false);
    }

    /// <summary>Of <c>ip4</c> and <c>ip6</c>; null where it is none.</summary>
    public IPNetwork? Network()
    {
        var (address, length) = Value.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? (Value[..slash], Value[(slash + 1)..]) : (Value, null);
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != (Name == "ip4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6))
            return null;
        var longest = Name == "ip4" ? 32 : 128;
        if (length is null)
            return new IPNetwork(parsed, longest);
        return int.TryParse(length, out var prefix) && prefix >= 0 && prefix <= longest ? Around(parsed, prefix) : null;
    }

    /// <summary>The network of that length around an address.</summary>
    public static IPNetwork Around(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
