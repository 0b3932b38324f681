namespace Newsletter.Mailer.Host.Pages;

/// <summary>The stylesheet of a text to be read, whatever its author put into it.</summary>
internal static class EditionStyle
{
    public static PageStyle Article { get; } = new("""
        .article-page { background: var(--sheet); font-size: clamp(1.0625rem, 1rem + .35vw, 1.1875rem); line-height: 1.65; }
        .article-page > header { padding-block: 1.4rem 0; }
        .article-page > main { padding-block: clamp(1.5rem, 5vw, 3.5rem) 2rem; }
        .kicker, .byline { margin: 0 0 .9rem; color: var(--soft); font-size: .9em; }
        .byline { margin-block-end: 2rem; }
        .badge { color: var(--accent); font-weight: 650; }
        article h1 { margin: 0 0 .9rem; font-size: clamp(1.75rem, 1.2rem + 2.6vw, 2.75rem); line-height: 1.15; letter-spacing: -.022em; overflow-wrap: break-word; }
        h1:lang(ar), h1:lang(ja) { letter-spacing: normal; line-height: 1.35; }
        .text h2 { margin: 2.6em 0 .6em; font-size: 1.4em; line-height: 1.25; letter-spacing: -.012em; text-wrap: balance; }
        .text h3 { margin: 2em 0 .5em; font-size: 1.15em; line-height: 1.3; }
        .text h4, .text h5, .text h6 { margin: 1.8em 0 .4em; color: var(--soft); font-size: 1em; }
        .text > :first-child { margin-block-start: 0; }
        .text p { margin: 0 0 1.2em; }
        .text ul, .text ol { margin: 0 0 1.2em; padding-inline-start: 1.4em; }
        .text li { margin-block-end: .5em; padding-inline-start: .2em; }
        .text li p { margin-block-end: .5em; }
        .text .tasks, .text .unmarked { padding: 0; list-style: none; }
        .text .tasks li, .text .unmarked li { padding: 0; }
        .text img { max-width: 100%; height: auto; border-radius: .5rem; vertical-align: middle; }
        .text figure { margin: 2em 0; text-align: center; }
        figcaption, .video-caption { margin-block-start: .6em; color: var(--soft); font-size: .85em; line-height: 1.45; }
        .text blockquote { margin: 0 0 1.2em; padding-inline-start: 1.2em; border-inline-start: .2rem solid var(--line); color: var(--soft); }
        .text hr { width: 4rem; margin: 2.8em auto; border: 0; border-block-start: 1px solid var(--line); }
        .text code { padding: .1em .3em; border-radius: .3em; background: var(--hover); font: .875em var(--mono); overflow-wrap: anywhere; }
        .text pre { margin: 0 0 1.2em; padding: 1em 1.1em; border-radius: .6rem; background: var(--hover); font: .875em/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; text-align: start; }
        .text pre code { padding: 0; background: none; font-size: 1em; }
        .text pre, .text code { direction: ltr; unicode-bidi: isolate; }
        .text mark { padding: .05em .2em; background: var(--warn-wash); color: inherit; }
        .text sup { font-size: .7em; line-height: 0; }
        .text td code { white-space: nowrap; }
        .footnote-ref { padding-inline: .15em; text-decoration: none; }
        .footnotes { margin-block-start: 3em; padding-block-start: 1.4em; border-block-start: 1px solid var(--line); color: var(--soft); font-size: .875em; }
        .text :target { border-radius: .3rem; background: var(--accent-wash); }
        .scroll { margin: 0 0 1.4em; overflow-x: auto; }
        .text table { width: 100%; border-collapse: collapse; font-size: .9em; line-height: 1.45; }
        .text th, .text td { padding: .55em .9em .55em 0; border-block-end: 1px solid var(--line); text-align: start; vertical-align: top; }
        .text th { border-block-end: 2px solid var(--ink); vertical-align: bottom; }
        .text .to-left { text-align: left; }
        .text .to-center { text-align: center; }
        .text .to-right { text-align: right; }
        .summary, .gate, .conversation, .poll, .call, .callout, .video { margin: 0 0 1.8em; padding: 1.2em 1.4em; border-radius: .8rem; background: var(--hover); }
        .text .lead, .text p.box-title, .text p.callout-title, .call .box-title { margin: 0 0 .4em; color: var(--ink); font-weight: 650; }
        .text p.lead { font-size: 1.1em; }
        .summary p.lead { font-size: 1em; }
        .gate, .premium { border-inline-start: .25rem solid var(--accent); }
        .premium { margin: 0 0 1.8em; padding-inline-start: 1.2em; }
        .text p.label { margin-block-end: .4em; }
        .label { color: var(--soft); font-size: .8em; font-weight: 650; }
        .premium .label { color: var(--accent); }
        .ad { margin: 0 0 1.8em; padding: 1.2em 1.4em; border: 1px solid var(--line); border-radius: .8rem; }
        .callout { border-inline-start: .25rem solid var(--accent); background: var(--accent-wash); }
        .callout.warning, .callout.caution { border-color: var(--warn-ink); background: var(--warn-wash); color: var(--warn-ink); }
        .callout.warning a, .callout.caution a, .callout.warning .callout-title, .callout.caution .callout-title { color: inherit; }
        .button-box { margin: .4em 0 1.6em; }
        .text a.button { text-decoration: none; }
        .video { padding: 0; overflow: hidden; }
        .text .video img { width: 100%; border-radius: 0; }
        .video-bar { display: block; padding: .9em 1.4em; color: var(--ink); font-weight: 650; text-decoration: none; }
        .video-bar::before { content: "▶ " / ""; color: var(--accent); }
        .text blockquote.pull { margin: 2.2em 0; border-color: var(--accent); color: var(--ink); font-size: 1.25em; line-height: 1.45; }
        .pull .cite { color: var(--soft); font-size: .7em; }
        .sign-off { margin-block-start: 2.2em; }
        .ornament { margin: 2.4em 0; color: var(--soft); text-align: center; }
        .summary > :last-child, .gate > :last-child, .conversation > :last-child, .poll > :last-child, .callout > :last-child, .ad > :last-child, .premium > :last-child,
        .call > :last-child, .text blockquote > :last-child, .text li > :last-child, .button-box:last-child { margin-block-end: 0; }
        .call { margin: 3.5em 0 2.5em; }
        .call p { margin-block-end: .4em; }
        .call .actions { margin-block: .9em 0; }
        .near { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .8rem; }
        .near a { display: block; padding: .9em 1.1em; border: 1px solid var(--line); border-radius: .8rem; color: var(--ink); font-weight: 600; line-height: 1.4; text-decoration: none; }
        .near a:hover { background: var(--hover); }
        .near .muted { display: block; font-size: .8em; font-weight: 400; }
        .near .next:last-child:not(:first-child) { text-align: end; }
        .article-page > footer { width: 100%; margin-inline: auto; padding: 1rem clamp(1rem, 4vw, 2rem) 3rem; font-size: .9rem; }
        .article-page > footer ul { display: flex; flex-wrap: wrap; gap: 0 1.4rem; margin: 0; padding: 0; list-style: none; }
        .article-page > footer a { display: inline-block; padding-block: .55rem; color: var(--soft); }
        @media (forced-colors: active) { .summary, .gate, .conversation, .poll, .call, .callout, .video { border: 1px solid; } }
        @media print {
          .call, .near, .article-page > footer { display: none; }
          .article-page { background: none; font-size: 11pt; }
        }
        """);
}
