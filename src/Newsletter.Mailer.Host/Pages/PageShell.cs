using System.Net.Mime;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>How much room a page takes.</summary>
internal enum PageWidth
{
    /// <summary>One question or answer, in a card in the middle.</summary>
    Card,

    /// <summary>Lists and messages, as wide as the window up to 72rem.</summary>
    Desk,

    /// <summary>A text to be read, in lines of a length that eyes like.</summary>
    Article,
}

/// <summary>
/// A page for a person: the same frame, type and colours everywhere, light and dark, from 320 px on, without a script and
/// without a request beyond itself. Its policy lets through nothing but its own styles and forms to ourselves.
/// </summary>
internal sealed record PageShell : IResult
{
    /// <summary>Languages written from right to left that readers are likely to have.</summary>
    private static readonly HashSet<string> rightToLeft = new(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The window's title, which a screen reader says first.</summary>
    public required string Title { get; init; }

    /// <summary>What stands in <c>main</c>; begins with an <c>h1</c>.</summary>
    public required Html Body { get; init; }

    /// <summary>What stands in <c>head</c> beyond the usual.</summary>
    public Html Head { get; init; }

    /// <summary>What stands below <c>main</c>; nothing where absent.</summary>
    public Html Foot { get; init; }

    /// <summary>The name above it: the newsletter's, or the tool's. Empty: none.</summary>
    public string Site { get; init; } = "";

    /// <summary>Where the name leads, a path of ours; null: nowhere.</summary>
    public string? SitePath { get; init; }

    /// <summary>The page's language, an IETF tag; its direction follows.</summary>
    public string Language { get; init; } = "en";

    public PageWidth Width { get; init; } = PageWidth.Card;

    /// <summary>Styles of this page beyond the common ones; a constant.</summary>
    public PageStyle? Style { get; init; }

    /// <summary>Whether it shows a frame of ours.</summary>
    public bool HasFrame { get; init; }

    /// <summary>Whether it shows pictures from elsewhere, as an author linked them.</summary>
    public bool HasPictures { get; init; }

    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>When to come back, where it is a refusal for now.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a page without scripts needs, and no more. Styles are named by hash, so that none can be smuggled in.</summary>
    public string ContentPolicy =>
        $"default-src 'none'; style-src {PageStyle.Common.Source}{(Style is null ? "" : " " + Style.Source)}; img-src 'self' data:{(HasPictures ? " https: http:" : "")}; "
        + $"form-action 'self'; frame-src {(HasFrame ? "'self'" : "'none'")}; frame-ancestors 'none'; base-uri 'none'";

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = $"{MediaTypeNames.Text.Html}; charset=utf-8";
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["X-Robots-Tag"] = "noindex, nofollow";
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.WriteAsync(Render(), httpContext.RequestAborted);
    }

    /// <summary>The whole document.</summary>
    public string Render() => Html.Of($"""
        <!doctype html>
        <html lang="{Language}" dir="{Direction}">
        <head>
        <meta charset="utf-8">
        <title>{Title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#f7f5f0" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#171614" media="(prefers-color-scheme: dark)">
        <link rel="icon" href="data:,">
        {Head}
        <style>{PageStyle.Common.Css}</style>{(Style is null ? Html.None : Html.Of($"<style>{Style.Css}</style>"))}
        </head>
        <body class="{Width.ToString().ToLowerInvariant()}-page">
        {(Site.Length == 0 ? Html.None : Header())}
        <main>
        {Body}
        </main>
        {Foot}
        </body>
        </html>

        """).ToString();

    private string Direction => rightToLeft.Contains(Language.Split('-')[0]) ? "rtl" : "ltr";

    private Html Header() => SitePath is null
        ? Html.Of($"""<header><span class="site" dir="auto">{Site}</span></header>""")
        : Html.Of($"""<header><a class="site" dir="auto" href="{SitePath}">{Site}</a></header>""");
}
