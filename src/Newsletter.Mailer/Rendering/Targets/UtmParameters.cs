using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Rendering.Targets;

/// <summary>A newsletter's UTM parameters for one edition, ready to stand in a query.</summary>
internal sealed partial class UtmParameters
{
    private readonly string _query;
    private readonly IReadOnlyList<string>? _hosts;

    private UtmParameters(string query, IReadOnlyList<string>? hosts) => (_query, _hosts) = (query, hosts);

    /// <summary>Null where nothing is left once the names have their values: an edition without a number, say.</summary>
    public static UtmParameters? Of(UtmRule rule, RenderRequest request)
    {
        var scope = EditionFacts.Scope(request);
        var filled =
            from parameter in rule.Parameters
            let text = NewsletterMeasuringRules.Slot().Replace(parameter.Text, slot => scope.TryGetConstant(slot.Groups["name"].Value, out var value) ? value : "").Trim()
            where text.Length > 0
            select $"{parameter.Name}={Uri.EscapeDataString(text)}";
        var query = string.Join('&', filled);
        return query.Length == 0 ? null : new UtmParameters(query, rule.Hosts);
    }

    /// <summary>The address with the parameters behind its own and before its fragment; as it is where it has some, or its host isn't meant.</summary>
    public string AddTo(string url)
    {
        if (!IsMeant(url) || HasOwn().IsMatch(url))
            return url;
        var fragment = url.IndexOf('#', StringComparison.Ordinal) is var at and >= 0 ? at : url.Length;
        var before = url[..fragment];
        var sign = !before.Contains('?', StringComparison.Ordinal) ? "?" : before[^1] is '?' or '&' ? "" : "&";
        return string.Create(CultureInfo.InvariantCulture, $"{before}{sign}{_query}{url[fragment..]}");
    }

    private bool IsMeant(string url) => _hosts is null
        || Uri.TryCreate(url, UriKind.Absolute, out var parsed)
        && _hosts.Any(host => parsed.IdnHost.Equals(host, StringComparison.OrdinalIgnoreCase) || parsed.IdnHost.EndsWith("." + host, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("[?&]utm_[a-z]+=", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex HasOwn();
}
