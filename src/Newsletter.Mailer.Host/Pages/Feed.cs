using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What a feed tells, whatever it is written as.</summary>
/// <param name="Newsletter">Whose it is.</param>
/// <param name="Editions">Newest first.</param>
/// <param name="Texts">Their texts by issue; of those that are gated, none.</param>
/// <param name="Site">Where links lead.</param>
internal sealed partial record Feed(NewsletterProfile Newsletter, IReadOnlyList<PublishedIssue> Editions, IReadOnlyDictionary<long, string> Texts, PublicSite Site)
{
    private readonly Phrases _words = Phrases.For(Newsletter.Language);

    /// <summary>One sentence.</summary>
    public string About => _words.Text("web.feed", ("newsletter", Newsletter.Name));

    public string Address(PublishedIssue edition) => Site.Edition(Newsletter.Slug, edition.Slug);

    /// <summary>What it is about, plain text: of a gated one also why there is no more.</summary>
    public string Summary(PublishedIssue edition) => $"{edition.Description} {WhyNoMore(edition)}".Trim();

    /// <summary>The whole text as HTML that means the same anywhere; null where it is gated.</summary>
    public string? Text(PublishedIssue edition) =>
        Texts.TryGetValue(edition.IssueId, out var text) ? InnerLink().Replace(text, $"$0{Address(edition)}") : null;

    private string? WhyNoMore(PublishedIssue edition)
    {
        var words = Phrases.For(edition.Language, Newsletter.Language);
        return edition.Gate switch
        {
            null => null,
            WebEdition.Premium => words.Text("web.premium.title"),
            _ => words.Text("web.unreadable", ("newsletter", Newsletter.Name)),
        };
    }

    // A footnote's mark leads to its place in the page, and a feed is another page. < and > stand in no attribute, nor as themselves in a text.
    [GeneratedRegex("(?<=<a [^<>]*)href=\"(?=#)", RegexOptions.CultureInvariant)]
    private static partial Regex InnerLink();
}
