using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Preflight;

/// <summary>A rendered edition as the checks look at it: what a reader gets of whom nothing is known, once for each variant.</summary>
internal sealed class PreflightSubject
{
    public PreflightSubject(PreflightRequest request, RenderedEdition rendered)
    {
        Request = request;
        Rendered = rendered;
        Source = new SourceText(request.Source);
        Reader = new Recipient
        {
            Address = "reader@example.com",
            MessageId = "check@example.com",
            UnsubscribeUrl = new PublicSite(rendered.Request.PublicUrl).Unsubscribe("check"),
        };
        var parser = new HtmlParser();
        Pages = [.. rendered.Variants.Select(variant =>
        {
            var html = variant.FillHtml(Reader);
            return new Page(variant, html, parser.ParseDocument(html));
        })];
        Line = Pages[0].Variant.FillSubject(Reader);
    }

    public PreflightRequest Request { get; }

    public RenderedEdition Rendered { get; }

    public EditionDocument Edition => Rendered.Request.Edition;

    public NewsletterProfile Newsletter => Rendered.Request.Newsletter;

    /// <summary>Pictures of ours; null where there are none.</summary>
    public PictureBook? Pictures => Rendered.Request.Pictures;

    public SourceText Source { get; }

    public Recipient Reader { get; }

    public IReadOnlyList<Page> Pages { get; }

    /// <summary>The subject of whom nothing is known.</summary>
    public string Line { get; }

    /// <summary>The variant's name, where there are several.</summary>
    public string? NameOf(Page page) => Pages.Count > 1 ? page.Variant.Name : null;

    /// <summary>Whether an address is one of this program's own pages.</summary>
    public bool IsOurs(string url) => url.StartsWith(Rendered.Request.PublicUrl.GetLeftPart(UriPartial.Authority) + "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the author wrote a link or an image.</summary>
    public SourcePosition? PlaceOf(string url) =>
        Rendered.Links.FirstOrDefault(link => link.Url == url) is { } link ? new SourcePosition(link.Line, link.Column)
        : Source.Find(url) ?? (Pictures?.NameAt(url) is { } name ? Source.Find(name) : null);

    /// <summary>A variant's HTML.</summary>
    internal sealed record Page(RenderedVariant Variant, string Html, IDocument Document);
}
