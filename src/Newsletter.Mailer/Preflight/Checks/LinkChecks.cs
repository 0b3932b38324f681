using System.Net;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Preflight.Addresses;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>Links as they are written; what is behind them is looked at elsewhere.</summary>
internal static partial class LinkChecks
{
    private static readonly HashSet<string> s_shorteners = new(StringComparer.OrdinalIgnoreCase)
    {
        "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "lnkd.in", "t.ly", "rb.gy", "shorturl.at", "tiny.cc", "bl.ink", "v.gd", "s.id", "dlvr.it",
    };

    private static readonly HashSet<string> s_vague = new(StringComparer.OrdinalIgnoreCase)
    {
        "here", "click here", "click", "link", "this link", "this", "hier", "hier klicken", "klick hier", "aquí", "haz clic aquí", "ici", "cliquez ici", "こちら", "ここをクリック", "هنا", "اضغط هنا",
    };

    public static void Look(PreflightSubject subject, FindingList found)
    {
        foreach (Match empty in EmptyTarget().Matches(subject.Source.Prose))
            found.Add("link-missing", $"The link {Shown(empty.Value)} leads nowhere.", "Give it a whole address, or take the brackets out.", subject.Source.At(empty.Index));
        foreach (var link in subject.Rendered.Links)
            Look(subject, link.Url, new SourcePosition(link.Line, link.Column), found);
        foreach (var same in subject.Rendered.Links.Where(link => link.Url.StartsWith("http", StringComparison.OrdinalIgnoreCase)).GroupBy(link => link.Url, StringComparer.Ordinal).Where(same => same.Count() > 1))
            found.Add("link-duplicate", $"{same.Key} is linked {same.Count()} times.", "Fine, if it is meant.", new SourcePosition(same.ElementAt(1).Line, same.ElementAt(1).Column));
        foreach (var anchor in subject.Pages.SelectMany(page => page.Document.QuerySelectorAll("a[href]")))
            LookAtText(subject, anchor.GetAttribute("href")!, anchor.TextContent.Trim(), found);
    }

    private static void Look(PreflightSubject subject, string url, SourcePosition at, FindingList found)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || subject.IsOurs(url))
            return;
        if (address.Scheme == "http")
            found.Add("link-not-encrypted", $"{Shown(url)} is not encrypted: browsers warn before they open it.", "Write https:// if the server has it.", at);
        if (IsPrivate(address))
            found.Add("link-private", $"{Shown(url)} exists in your own network only.", "Link to the public address.", at);
        if (s_shorteners.Contains(Host(address)))
            found.Add("link-shortener", $"{Shown(url)} hides where it leads, and spam filters distrust {address.Host}.", "Link to the address itself.", at);
    }

    private static void LookAtText(PreflightSubject subject, string url, string text, FindingList found)
    {
        var at = subject.PlaceOf(url);
        if (at is not null && s_vague.Contains(text.TrimEnd('.', '!', '→', ' ')))
            found.Add("link-text-vague", $"The link \"{text}\" doesn't say where it leads; a screen reader lists links without the words around them.", "Link the words that name what is there.", at);
        if (!LooksLikeHost().IsMatch(text) || !Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text, UriKind.Absolute, out var shown) || !Uri.TryCreate(url, UriKind.Absolute, out var real) || real.Scheme is not ("http" or "https"))
            return;
        if (!IsSame(Host(shown), Host(real)))
            found.Add("link-text-differs", $"The link shows {shown.Host} and leads to {real.Host}. Phishing does that, and filters look for it.", "Show the host that it leads to, or words.", at);
    }

    private static bool IsPrivate(Uri address) =>
        IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)
            ? !PublicAddress.IsPublic(ip)
            : !address.Host.Contains('.', StringComparison.Ordinal) || address.Host.EndsWith(".local", StringComparison.OrdinalIgnoreCase) || address.Host.EndsWith(".internal", StringComparison.OrdinalIgnoreCase) || address.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsSame(string a, string b) =>
        a.Equals(b, StringComparison.OrdinalIgnoreCase) || a.EndsWith("." + b, StringComparison.OrdinalIgnoreCase) || b.EndsWith("." + a, StringComparison.OrdinalIgnoreCase);

    private static string Host(Uri address) => address.Host.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? address.Host[4..] : address.Host;

    internal static string Shown(string url) => UnsafeCharacters.Strip(url.Length <= 80 ? url : url[..80] + "…");

    [GeneratedRegex(@"(?<!!)\[[^\]\n]+\]\(\s*(#[^)\s]*)?\s*\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EmptyTarget();

    [GeneratedRegex(@"^(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex LooksLikeHost();
}
