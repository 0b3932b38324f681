using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images.Cards;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>How an edition's page looks: title, text, how to subscribe, what came before and after.</summary>
internal sealed class EditionView(NewsletterProfile newsletter, ArchivedEdition edition, SocialCard? card, PublicSite site)
{
    /// <summary>What every such page lets through, whatever it says.</summary>
    public static string Policy { get; } = new PageShell { Title = "", Body = Html.None, Style = EditionStyle.Article, HasPictures = true }.ContentPolicy;

    private readonly Phrases _words = Phrases.For(edition.Language, newsletter.Language);
    private readonly EditionMeta _meta = new(newsletter, edition, card, site);

    public NewsletterProfile Newsletter => newsletter;

    public ArchivedEdition Edition => edition;

    /// <summary>Its one public URL.</summary>
    public string Address => _meta.Address;

    /// <summary>URL of its picture; null where it has none.</summary>
    public string? CardAddress => _meta.CardAddress;

    /// <param name="text">Sanitised; null where none is shown.</param>
    public PageShell Page(string? text) => new()
    {
        Title = $"{edition.Title} · {newsletter.Name}",
        Head = _meta.Head(),
        Site = newsletter.Name,
        SitePath = PublicSite.Path(site.Archive(newsletter.Slug)),
        Language = _words.Language,
        Width = PageWidth.Article,
        Style = EditionStyle.Article,
        HasPictures = true,
        Body = Html.Of($"""
            <article lang="{edition.Language}" dir="{Direction}">
            {Opening(text)}
            <div class="text">
            {(text is null ? Gate() : Html.Raw(text))}
            </div>
            </article>
            {Call()}
            {Neighbours()}
            """),
        Foot = Foot(),
    };

    private string Direction => Phrases.DirectionOf(edition.Language ?? newsletter.Language);

    // Who begins the text with a heading of the first level has written the title there.
    private Html Opening(string? text) => Html.Of($"""
        <p class="kicker">#{edition.Number} · <time datetime="{WebTime.Of(edition.SentAt)}">{DayOf(edition, edition.Language ?? newsletter.Language)}</time>{(edition.Tier == "premium" ? Html.Of($""" · <span class="badge">Premium</span>""") : Html.None)}</p>
        {(text?.StartsWith("<h1", StringComparison.Ordinal) == true ? Html.None : Html.Of($"<h1>{edition.Title}</h1>"))}
        {(edition.Byline is { Length: > 0 } byline ? Html.Of($"""<p class="byline">{byline}</p>""") : Html.None)}
        """);

    /// <summary>The day an edition bears, as a language writes it.</summary>
    public static string DayOf(PublishedIssue edition, string language) =>
        Phrases.DayIn(DateOnly.FromDateTime(edition.Day ?? edition.SentAt.UtcDateTime), language);

    private Html Gate() => edition.Gate == WebEdition.Premium
        ? Html.Of($"""
            {(string.IsNullOrEmpty(edition.Description) ? Html.None : Html.Of($"""<p class="lead">{edition.Description}</p>"""))}
            <div class="gate" lang="{_words.Language}" dir="{_words.Direction}"><p class="box-title">{_words.Text("web.premium.title")}</p>
            <p>{_words.Say("web.premium.text", ("newsletter", newsletter.Name))}</p>
            {(newsletter.PremiumUrl is { } url
                ? Html.Of($"""<p class="button-box"><a class="button" href="{url}">{_words.Text("container.gate.link")}</a></p>""")
                : Html.Of($"<p>{_words.Text("web.premium.how")}</p>"))}</div>
            """)
        : Html.Of($"""<div class="gate" lang="{_words.Language}" dir="{_words.Direction}"><p>{_words.Say("web.unreadable", ("newsletter", newsletter.Name))}</p></div>""");

    private Html Call() => Html.Of($"""
        <aside class="call"><p class="box-title">{_words.Say("web.call.title", ("newsletter", newsletter.Name))}</p>
        <p>{_words.Text("web.call.text")}</p>
        <p class="actions"><a class="button" href="{PublicSite.Path(site.Subscribe(newsletter.Slug))}?lang={_words.Language}">{_words.Text("subscribe.button")}</a></p></aside>
        """);

    private Html Neighbours() => edition is { OlderSlug: null, NewerSlug: null } ? Html.None : Html.Of($"""
        <nav class="near" aria-label="{_words.Text("web.near")}">
        {Neighbour("prev", _words.Text("web.older"), edition.OlderSlug, edition.OlderTitle)}
        {Neighbour("next", _words.Text("web.newer"), edition.NewerSlug, edition.NewerTitle)}
        </nav>
        """);

    private Html Neighbour(string rel, string label, string? slug, string? title) => slug is null ? Html.None : Html.Of($"""
        <a class="{rel}" rel="{rel}" href="{PublicSite.Path(site.Edition(newsletter.Slug, slug))}"><span class="muted">{label}</span> <bdi>{title}</bdi></a>
        """);

    private Html Foot() => Html.Of($"""
        <footer><ul>
        <li><a href="{PublicSite.Path(site.Archive(newsletter.Slug))}?lang={_words.Language}">{_words.Text("archive.title")}</a></li>
        <li><a href="{PublicSite.Path(site.Rss(newsletter.Slug))}">RSS</a></li>
        <li><a href="{PublicSite.Path(site.JsonFeed(newsletter.Slug))}">JSON Feed</a></li>
        </ul></footer>
        """);
}
