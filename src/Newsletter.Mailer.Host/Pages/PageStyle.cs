using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>A stylesheet that stands in the page itself, and its name in the page's policy.</summary>
internal sealed class PageStyle
{
    /// <param name="css">A constant of the program: it is written as it is.</param>
    public PageStyle(string css)
    {
        // The parser turns CR LF into LF before it hashes.
        var text = css.ReplaceLineEndings("\n");
        if (text.Contains('<', StringComparison.Ordinal) || text.Contains('&', StringComparison.Ordinal))
            throw new ArgumentException("A stylesheet in a page can't hold < or &.", nameof(css));

        Css = Html.Raw(text);
        Source = $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
    }

    public Html Css { get; }

    /// <summary>As it stands in <c>style-src</c>.</summary>
    public string Source { get; }

    /// <summary>
    /// What every page has: type, colours for light and dark (all text at 4.5:1 or better), forms, buttons, notes.
    /// For a page's body: <c>lead</c>, <c>muted</c>, <c>button</c>, <c>button quiet</c>, <c>actions</c>, <c>note</c>, <c>field</c>, <c>facts</c>, <c>mono</c>.
    /// </summary>
    public static PageStyle Common { get; } = new("""
        :root {
          color-scheme: light dark;
          --paper: #f7f5f0; --sheet: #fffefb; --ink: #1d1b17; --soft: #625d53; --line: #e3ded3; --hover: #f3f0e8;
          --accent: #0a6455; --accent-ink: #ffffff; --accent-wash: #e2f1ec; --warn-wash: #fbeed3; --warn-ink: #6b4700;
          --shadow: 0 1px 2px #2b25180f, 0 8px 28px #2b251812;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #171614; --sheet: #211f1c; --ink: #eeebe4; --soft: #b0aa9e; --line: #3a3732; --hover: #292723;
            --accent: #6fd3bd; --accent-ink: #06231d; --accent-wash: #17362f; --warn-wash: #3d2f12; --warn-ink: #f4d9a0;
            --shadow: 0 1px 2px #0006, 0 8px 28px #0005;
          }
        }
        *, *::before, *::after { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { margin: 0; min-height: 100vh; min-height: 100dvh; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: break-word; }
        header, main { width: 100%; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2rem); }
        header { padding-block: 1.1rem; }
        :lang(ja) { word-break: auto-phrase; }
        h1 { margin: 0 0 .5rem; font-size: clamp(1.4rem, 1.15rem + 1.2vw, 1.85rem); line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; }
        h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; line-height: 1.3; }
        p { margin: 0 0 1rem; text-wrap: pretty; }
        a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .07em; }
        a:hover { text-decoration-thickness: .13em; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .3rem; }
        .site { color: var(--ink); font-weight: 650; letter-spacing: -.01em; text-decoration: none; }
        a.site:hover { text-decoration: underline; }
        .lead { font-size: 1.1rem; }
        .muted { color: var(--soft); }
        .mono { font-family: var(--mono); font-size: .875em; overflow-wrap: anywhere; }
        .actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-block: 1.5rem 0; }
        .button {
          display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .5rem 1.25rem;
          border: 1px solid var(--accent); border-radius: .6rem; background: var(--accent); color: var(--accent-ink);
          font: inherit; font-weight: 600; line-height: 1.2; text-align: center; text-decoration: none; cursor: pointer;
        }
        .button:hover { filter: brightness(1.08); }
        .button:active { transform: translateY(1px); }
        .button.quiet { background: transparent; color: var(--ink); border-color: var(--line); font-weight: 500; }
        .button.quiet:hover { background: var(--hover); filter: none; }
        .note { margin: 1rem 0; padding: .7rem 1rem; border-radius: .6rem; background: var(--accent-wash); }
        .note.warn { background: var(--warn-wash); color: var(--warn-ink); }
        .field { min-height: 2.75rem; padding: .5rem .85rem; border: 1px solid var(--soft); border-radius: .6rem; background: var(--sheet); color: inherit; font: inherit; }
        .field::placeholder { color: var(--soft); opacity: 1; }
        .facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .3rem 1.1rem; align-items: baseline; margin: 0; }
        .facts dt { color: var(--soft); }
        .facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
        .visually-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .desk-page header, .desk-page main { max-width: 76rem; }
        .article-page > header, .article-page > main, .article-page > footer { max-width: 44rem; }
        .desk-page main { padding-block-end: 4rem; }
        .card-page { display: grid; grid-template-columns: minmax(0, 1fr); grid-template-rows: auto auto 1fr; align-content: start; align-items: start; justify-items: center; padding: 0 1rem 3rem; }
        .card-page header { max-width: 34rem; padding: clamp(1.5rem, 8vh, 5rem) .25rem .9rem; }
        .card-page main {
          max-width: 34rem; padding: clamp(1.4rem, 5vw, 2.5rem); background: var(--sheet);
          border: 1px solid var(--line); border-radius: 1rem; box-shadow: var(--shadow);
        }
        .card-page main > :last-child { margin-block-end: 0; }
        .card-page:not(:has(header)) { padding-block-start: clamp(1.5rem, 8vh, 5rem); }
        @media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none; animation: none; } }
        @media (forced-colors: active) { .button, .field, .note { border: 1px solid; } }
        """);
}
