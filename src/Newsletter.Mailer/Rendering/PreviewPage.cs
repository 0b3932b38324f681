using System.Globalization;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>
/// A page for an author: the mail as on a desktop, on a phone, in dark mode, and its text, side by side. It needs no script; the mail stands in frames in
/// which none would run.
/// </summary>
internal static class PreviewPage
{
    // Every media query for dark mode of a mail, in the one spelling that the themes use and those that layouts may.
    private static readonly string[] s_dark = ["(prefers-color-scheme:dark)", "(prefers-color-scheme: dark)"];

    private const string Style = """
        :root { color-scheme: light dark; --line: light-dark(#d5d5d0, #44464a); --soft: light-dark(#5c5f66, #a6a9b0); }
        body { margin: 0; padding: 1.25rem; background: light-dark(#ececea, #1b1c1f); color: light-dark(#1b1c1f, #ececea); font: 1rem/1.5 system-ui, sans-serif; }
        header { margin: 0 0 1.25rem; }
        h1 { margin: 0 0 .25rem; font-size: 1.35rem; line-height: 1.3; overflow-wrap: anywhere; }
        h2 { margin: 0 0 .5rem; font-size: .95rem; color: var(--soft); font-weight: 600; }
        p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
        main { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
        section { min-width: 0; }
        iframe, pre { box-sizing: border-box; display: block; width: 100%; height: 75vh; min-height: 30rem; margin: 0; border: 1px solid var(--line); border-radius: .5rem; background: light-dark(#fff, #111214); }
        .phone iframe { max-width: 377px; }
        pre { padding: 1rem; overflow: auto; font: .85rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
        @media (min-width: 60rem) { main { grid-template-columns: minmax(0, 1fr) 377px; } }
        @media (min-width: 112rem) { main { grid-template-columns: minmax(0, 1fr) 377px 377px minmax(0, 42rem); } }
        """;

    public static string Write(RenderedVariant variant, Recipient reader)
    {
        var html = variant.FillHtml(reader);
        var newsletter = variant.Request.Newsletter;
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{SlotEscaping.Html(variant.FillSubject(reader))}</title>
            <style>{Style}</style>
            </head>
            <body>
            <header>
            <h1 dir="auto">{SlotEscaping.Html(variant.FillSubject(reader))}</h1>
            <p>{SlotEscaping.Html(newsletter.FromName ?? newsletter.Name)} &lt;{SlotEscaping.Html(newsletter.FromAddress)}&gt; to {SlotEscaping.Html(reader.Address)}</p>
            <p>Variant: {SlotEscaping.Html(variant.Name)}. HTML: {(variant.HtmlBytes / 1024.0).ToString("0.0", CultureInfo.InvariantCulture)} KB (Gmail clips at 102).</p>
            </header>
            <main>
            {Frame("Desktop", html, "desktop")}
            {Frame("Phone", html, "phone")}
            {Frame("Phone, dark", Dark(html), "phone")}
            <section><h2 id="text">Text</h2>
            <pre tabindex="0" role="region" aria-labelledby="text" dir="auto">{SlotEscaping.Html(variant.FillText(reader))}</pre></section>
            </main>
            </body>
            </html>

            """;
    }

    private static string Frame(string title, string html, string @class) => $"""
        <section class="{@class}"><h2>{title}</h2>
        <iframe title="{title}" sandbox="" srcdoc="{SlotEscaping.Html(html)}"></iframe></section>
        """;

    // Whatever the browser prefers, this one is dark.
    private static string Dark(string html) => s_dark.Aggregate(html, (page, query) => page.Replace(query, "(min-width:0)", StringComparison.Ordinal))
        .Replace("<head>", "<head><style>:root{color-scheme:dark}</style>", StringComparison.Ordinal);
}
