using System.Globalization;

namespace Newsletter.Mailer.Scheduling;

/// <summary>
/// Which recipients share a provider, and so a pace: a group by domain. Batches are cut by group, so that one that is slowed down
/// holds up no other.
/// </summary>
/// <remarks>
/// A domain stands for itself; <c>yahoo.*</c> for every domain whose first label is <c>yahoo</c>. Whoever has a domain of their own with
/// one of these providers is in <see cref="Other"/>: only the MX would tell.
/// </remarks>
public sealed class ThrottleGroups
{
    /// <summary>Everyone whom no group names.</summary>
    public const string Other = "other";

    // The providers' own consumer domains, as their pages list them.
    private static readonly Dictionary<string, string[]> BuiltIn = new(StringComparer.Ordinal)
    {
        ["google"] = ["gmail.com", "googlemail.com"],
        ["microsoft"] = ["outlook.*", "hotmail.*", "live.*", "msn.com", "windowslive.com", "passport.com"],
        ["yahoo"] = ["yahoo.*", "ymail.com", "rocketmail.com", "myyahoo.com", "aol.*", "aim.com", "netscape.net", "verizon.net"],
        ["apple"] = ["icloud.com", "me.com", "mac.com"],
    };

    private readonly Dictionary<string, string> _groupOf;

    /// <param name="configured">Group → domains; a group named here replaces the built-in one, the others stay.</param>
    public ThrottleGroups(IReadOnlyDictionary<string, string[]>? configured = null)
    {
        var groups = new Dictionary<string, string[]>(BuiltIn, StringComparer.Ordinal);
        foreach (var (name, domains) in configured ?? new Dictionary<string, string[]>(StringComparer.Ordinal))
            groups[name] = domains;
        // What the operator names goes before what we guess.
        _groupOf = groups
            .SelectMany(group => group.Value.Select(domain => (Domain: domain.Trim().ToLowerInvariant(), Group: group.Key)))
            .OrderByDescending(pair => configured?.ContainsKey(pair.Group) == true)
            .DistinctBy(pair => pair.Domain, StringComparer.Ordinal)
            .ToDictionary(pair => pair.Domain, pair => pair.Group, StringComparer.Ordinal);
        Names = [.. groups.Keys.Where(name => name != Other).Order(StringComparer.Ordinal), Other];
        Domains = [.. _groupOf.Keys];
        GroupsOfDomains = [.. _groupOf.Values];
    }

    /// <summary>Every group, <see cref="Other"/> last.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Domains and patterns, beside <see cref="GroupsOfDomains"/>: for statements.</summary>
    internal string[] Domains { get; }

    internal string[] GroupsOfDomains { get; }

    /// <summary>The group of an address's domain, in lower case and punycode.</summary>
    public string Of(string domain)
    {
        if (_groupOf.TryGetValue(domain, out var exact))
            return exact;
        var dot = domain.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _groupOf.TryGetValue(string.Concat(domain.AsSpan(0, dot), ".*"), out var family) ? family : Other;
    }

    /// <summary>What is wrong with groups as configured, in sentences.</summary>
    internal static IEnumerable<string> Problems(IReadOnlyDictionary<string, string[]> configured)
    {
        foreach (var (name, domains) in configured)
        {
            if (name.Length is 0 or > 50 || !name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_'))
                yield return string.Create(CultureInfo.InvariantCulture, $"Scheduling:ThrottleGroups:{name} is no name for a group: use 1 to 50 lower-case letters, digits, - and _.");
            foreach (var domain in domains.Where(domain => !IsDomain(domain.Trim())))
                yield return string.Create(CultureInfo.InvariantCulture, $"Scheduling:ThrottleGroups:{name} names '{domain}', which is neither a domain like example.com nor a family like example.*.");
        }
    }

    private static bool IsDomain(string text) =>
        Audience.MailDomain.TryParse(text.EndsWith(".*", StringComparison.Ordinal) ? text[..^1] + "com" : text, out _, out _);
}
