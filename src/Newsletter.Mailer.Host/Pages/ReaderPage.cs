using System.Net.Mime;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What readers' pages have in common: their language, chosen by the reader, and a way to choose another.</summary>
internal static class ReaderPage
{
    /// <summary>Readers' forms are small; whatever is larger is none of ours.</summary>
    public const int LargestBody = 16 * 1024;

    private static readonly HtmlEncoder encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly PageStyle style = new("""
        form { margin: 0; }
        label, legend { font-weight: 600; }
        fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0; }
        legend { padding: 0; margin-block-end: .35rem; }
        .row { display: grid; grid-template-columns: minmax(0, 1fr); gap: .35rem; margin-block-end: 1.1rem; }
        .row .field { width: 100%; }
        .choice { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .65rem; align-items: center; min-height: 2.75rem; font-weight: 400; }
        .choice input { width: 1.25rem; height: 1.25rem; margin: 0; accent-color: var(--accent); }
        .small { font-size: .9rem; }
        .bad { border-color: var(--warn-ink); }
        .actions form { display: contents; }
        summary { padding-block: .6rem; color: var(--soft); cursor: pointer; }
        details[open] summary { margin-block-end: .35rem; }
        .small.note { padding-block: .35rem; margin-block: .25rem; }
        .apart { margin-block-start: 2rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--line); }
        .apart h2 { margin-block-start: 0; }
        textarea.field { width: 100%; min-height: 5.5rem; resize: vertical; }
        ul.plain { margin: 0; padding: 0; list-style: none; }
        ul.plain li { margin-block-end: .5rem; }
        ul.results li { display: grid; grid-template-columns: minmax(0, 1fr); gap: .2rem; margin-block-end: 1rem; }
        .result { font-weight: 600; overflow-wrap: anywhere; }
        .yours { font-weight: 400; }
        .bar { display: block; width: 100%; height: .6rem; border-radius: .3rem; background: var(--hover); border: 1px solid var(--line); overflow: hidden; }
        .bar rect { fill: var(--accent); }
        [dir=rtl] .bar { transform: scaleX(-1); }
        footer { width: 100%; max-width: 34rem; padding: 1.25rem .25rem 0; font-size: .9rem; }
        footer ul { display: flex; flex-wrap: wrap; gap: 0 1.1rem; margin: 0; padding: 0; list-style: none; }
        footer a { display: inline-block; padding-block: .55rem; color: var(--soft); }
        footer [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
        pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--hover); white-space: pre-wrap; overflow-wrap: anywhere; }
        """);

    /// <summary>The words for this request: as asked for by <c>?lang=</c>, else the reader's own, else the browser's, else the newsletter's.</summary>
    public static Phrases Words(this HttpContext http, string? readers = null, string? newsletters = null) => Phrases.For(
        [http.Request.Query["lang"], readers, .. http.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(language => language.Quality ?? 1).Select(language => language.Value.Value), newsletters]);

    /// <summary>A page in these words.</summary>
    public static PageShell Page(this Phrases words, string title, Html body, string site = "", int status = StatusCodes.Status200OK, TimeSpan? retryAfter = null) => new()
    {
        Title = title,
        Body = body,
        Site = site,
        Language = words.Language,
        Status = status,
        RetryAfter = retryAfter,
        Style = style,
        Foot = Html.Of($"""
            <footer><nav aria-label="{words.Text("languages.label")}"><ul>
            {Phrases.All.Select(other => Choice(other, words))}
            </ul></nav></footer>
            """),
    };

    /// <summary>A page of a heading and one sentence.</summary>
    public static PageShell Notice(this Phrases words, string title, Html text, string site = "", int status = StatusCodes.Status200OK) =>
        words.Page(title, Html.Of($"<h1>{title}</h1><p>{text}</p>"), site, status);

    /// <summary>The page of a link that isn't ours, or not whole.</summary>
    public static PageShell Broken(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("link.broken.title"), words.Say("link.broken.text"), status: StatusCodes.Status404NotFound);
    }

    /// <summary>The page of a moment in which there is no database.</summary>
    public static PageShell Unreachable(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("unreachable.title"), words.Say("unreachable.text"), status: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Whether a person looks at what is answered.</summary>
    public static bool IsLookedAt(HttpContext http) =>
        !http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && http.Request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase));

    /// <summary>To the page whose form was sent, for whoever opens the form's own address.</summary>
    public static RedirectHttpResult BackTo(string page, string token, HttpContext http) =>
        TypedResults.LocalRedirect($"~/{page}/{Uri.EscapeDataString(token)}{http.Request.QueryString}");

    /// <summary>A phrase as markup; what is put in stands apart from the direction of the text around it.</summary>
    public static Html Say(this Phrases words, string key, params ReadOnlySpan<(string Name, string Value)> values) =>
        Html.Raw(words.Fill(key, static text => encoder.Encode(text), values, static value => $"<bdi>{encoder.Encode(value)}</bdi>"));

    /// <summary>The fields of a form; empty where the body is no form, or a broken one.</summary>
    public static async Task<IFormCollection> FieldsAsync(this HttpRequest request, CancellationToken stop)
    {
        if (!request.HasFormContentType)
            return FormCollection.Empty;
        try
        {
            return await request.ReadFormAsync(stop);
        }
        // The last two: a character set that there isn't, or that .NET will not read (UTF-7).
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException or ArgumentException or NotSupportedException)
        {
            return FormCollection.Empty;
        }
    }

    private static Html Choice(Phrases other, Phrases words) => other.Language == words.Language
        ? Html.Of($"""<li><a href="?lang={other.Language}" lang="{other.Language}" aria-current="true">{other.NativeName}</a></li>""")
        : Html.Of($"""<li><a href="?lang={other.Language}" lang="{other.Language}" hreflang="{other.Language}">{other.NativeName}</a></li>""");
}
