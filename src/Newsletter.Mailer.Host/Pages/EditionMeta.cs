using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images.Cards;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What an edition's page tells machines: search engines, what shows a link's preview, feed readers.</summary>
internal sealed class EditionMeta(NewsletterProfile newsletter, ArchivedEdition edition, SocialCard? card, PublicSite site)
{
    // Letters as they are; what could end the element (<, &, ') is escaped as before.
    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public string Address { get; } = site.Edition(newsletter.Slug, edition.Slug);

    /// <summary>URL of the picture that a link's preview shows; null where there is none.</summary>
    public string? CardAddress { get; } = card is null ? null : site.Card(newsletter.Slug, edition.Slug, card.Hash());

    private string Published { get; } = WebTime.Of(edition.SentAt);

    public Html Head() => Html.Of($"""
        <link rel="canonical" href="{Address}">
        {Described()}
        <meta property="og:type" content="article">
        <meta property="og:url" content="{Address}">
        <meta property="og:title" content="{edition.Title}">
        <meta property="og:site_name" content="{newsletter.Name}">
        <meta property="article:published_time" content="{Published}">
        {Pictured()}
        <meta name="twitter:title" content="{edition.Title}">
        {(string.IsNullOrEmpty(edition.Author) ? Html.None : Html.Of($"""<meta name="author" content="{edition.Author}">"""))}
        {(newsletter.Indexed ? Html.None : Html.Of($"""<meta name="robots" content="noindex">"""))}
        {Feeds(newsletter, site)}
        {Neighbour("prev", edition.OlderSlug)}{Neighbour("next", edition.NewerSlug)}
        <script type="application/ld+json">{Html.Raw(LinkedData())}</script>
        """);

    /// <summary>Where a feed reader finds the newsletter's feeds.</summary>
    public static Html Feeds(NewsletterProfile newsletter, PublicSite site) => Html.Of($"""
        <link rel="alternate" type="application/rss+xml" title="{newsletter.Name}" href="{site.Rss(newsletter.Slug)}">
        <link rel="alternate" type="application/feed+json" title="{newsletter.Name}" href="{site.JsonFeed(newsletter.Slug)}">
        """);

    private Html Described() => string.IsNullOrEmpty(edition.Description) ? Html.None : Html.Of($"""
        <meta name="description" content="{edition.Description}">
        <meta property="og:description" content="{edition.Description}">
        <meta name="twitter:description" content="{edition.Description}">
        """);

    private Html Pictured() => CardAddress is null ? Html.Of($"""<meta name="twitter:card" content="summary">""") : Html.Of($"""
        <meta property="og:image" content="{CardAddress}">
        <meta property="og:image:type" content="image/png">
        <meta property="og:image:width" content="{SocialCard.Width}">
        <meta property="og:image:height" content="{SocialCard.Height}">
        <meta property="og:image:alt" content="{Alternative}">
        <meta name="twitter:card" content="summary_large_image">
        <meta name="twitter:image" content="{CardAddress}">
        <meta name="twitter:image:alt" content="{Alternative}">
        """);

    private string Alternative => $"{edition.Title} · {newsletter.Name} #{edition.Number}";

    private Html Neighbour(string rel, string? slug) =>
        slug is null ? Html.None : Html.Of($"""<link rel="{rel}" href="{site.Edition(newsletter.Slug, slug)}">""");

    private string LinkedData()
    {
        var publisher = new JsonObject { ["@type"] = "Organization", ["name"] = newsletter.Name, ["url"] = site.Archive(newsletter.Slug) };
        var article = new JsonObject
        {
            ["@context"] = "https://schema.org",
            ["@type"] = "BlogPosting",
            ["headline"] = edition.Title,
            ["url"] = Address,
            ["mainEntityOfPage"] = Address,
            ["datePublished"] = Published,
            ["dateModified"] = Published,
            ["inLanguage"] = edition.Language ?? newsletter.Language,
            ["isAccessibleForFree"] = edition.Gate is null,
            ["position"] = edition.Number,
            ["author"] = edition.Author is { Length: > 0 } author ? new JsonObject { ["@type"] = "Person", ["name"] = author } : publisher.DeepClone(),
            ["publisher"] = publisher,
            ["isPartOf"] = new JsonObject { ["@type"] = "Blog", ["name"] = newsletter.Name, ["url"] = site.Archive(newsletter.Slug) },
        };
        if (CardAddress is not null)
            article["image"] = new JsonObject { ["@type"] = "ImageObject", ["url"] = CardAddress, ["width"] = SocialCard.Width, ["height"] = SocialCard.Height };
        if (!string.IsNullOrEmpty(edition.Description))
            article["description"] = edition.Description;
        return article.ToJsonString(json);
    }
}
