namespace Newsletter.Mailer.Host.Pages;

/// <summary>How the inbox looks, beyond what every page has.</summary>
internal static class InboxStyle
{
    public static PageStyle Sheet { get; } = new("""
        .head { display: flex; flex-wrap: wrap; gap: .5rem 3rem; align-items: flex-start; justify-content: space-between; }
        .figures { display: flex; gap: 1.75rem; margin: 0 0 1.25rem; }
        .figures div { display: flex; flex-direction: column-reverse; }
        .figures dt { color: var(--soft); font-size: .85rem; }
        .figures dd { margin: 0; font-size: 1.35rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
        .search { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0 0 1.25rem; }
        .search .field { flex: 1 1 12rem; min-width: 0; max-width: 28rem; }
        .empty { padding: 3.5rem 1rem; border: 1px dashed var(--line); border-radius: .8rem; color: var(--soft); text-align: center; }
        .mail { width: 100%; border-spacing: 0; table-layout: fixed; background: var(--sheet); border: 1px solid var(--line); border-radius: .8rem; overflow: hidden; box-shadow: var(--shadow); }
        .mail th { padding: .6rem 1rem; color: var(--soft); font-size: .8rem; font-weight: 600; text-align: start; border-block-end: 1px solid var(--line); }
        .mail td { position: relative; padding: .6rem 1rem; vertical-align: top; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-block-end: 1px solid var(--line); }
        .mail tr:last-child td { border-block-end: 0; }
        .mail tbody tr { position: relative; }
        .mail tbody tr:hover { background: var(--hover); }
        .mail th:nth-child(1) { width: 27%; }
        .mail th:nth-child(3) { width: 6.5rem; }
        .mail th:nth-child(4) { width: 10.5rem; }
        .mail .end { text-align: end; font-variant-numeric: tabular-nums; }
        .mail .more { margin-inline-start: .4rem; padding: .05rem .4rem; border-radius: .4rem; background: var(--accent-wash); font-size: .8rem; }
        .mail .what { position: static; }
        .mail .what a, .mail .what span { display: block; overflow: hidden; text-overflow: ellipsis; }
        .mail .what a { color: var(--ink); font-weight: 600; text-decoration: none; }
        .mail .what a::after { content: ""; position: absolute; inset: 0; }
        .mail .what a:hover { text-decoration: underline; }
        .mail tr:has(a:focus-visible) { outline: 3px solid var(--accent); outline-offset: -3px; }
        .mail a:focus-visible { outline: none; }
        .mail .what .mono { font-size: .8rem; overflow-wrap: normal; }
        .pages { display: flex; gap: .6rem; margin-block-start: 1.25rem; }
        .pages > :last-child { margin-inline-start: auto; }
        .beside { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-block-end: 1rem; }
        .beside a { padding-block: .25rem; }
        .envelope { margin-block: 1rem 1.5rem; padding: 1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .8rem; }
        .bar { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center; justify-content: space-between; }
        .bar p { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0; }
        .bar p a { padding-block: .3rem; }
        .tabs { display: flex; gap: .25rem; }
        .tabs a { padding: .6rem 1rem .5rem; border-block-end: 3px solid transparent; color: var(--soft); font-weight: 550; text-decoration: none; }
        .tabs a:hover { color: var(--ink); }
        .tabs a[aria-current] { border-color: var(--accent); color: var(--ink); }
        .letter { display: block; width: 100%; margin: 0; border: 1px solid var(--line); border-radius: .8rem; background: var(--sheet); }
        iframe.letter { height: max(32rem, 84vh); background: #fff; }
        iframe.phone { max-width: 377px; margin-inline: auto; height: 812px; }
        pre.letter { padding: 1.25rem; overflow: auto; font: .9rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
        pre.source { font-size: .8rem; line-height: 1.5; }
        @media (max-width: 47.99rem) {
          .figures { gap: 1.25rem; }
          .figures dd { font-size: 1.15rem; }
          .narrower { display: none; }
          .search .field { max-width: none; }
          .mail, .mail tbody { display: block; }
          .mail thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
          .mail tbody tr { display: grid; grid-template: "to when" auto "what what" auto "what2 size" auto / minmax(0, 1fr) auto; gap: .05rem .75rem; padding: .75rem 1rem; border-block-end: 1px solid var(--line); }
          .mail tbody tr:last-child { border-block-end: 0; }
          .mail td { padding: 0; border: 0; }
          .mail .to { grid-area: to; font-size: .9rem; }
          .mail .when { grid-area: when; font-size: .8rem; line-height: 1.8; }
          .mail .size { grid-area: size; font-size: .8rem; align-self: end; }
          .mail .what { display: contents; }
          .mail .what a { grid-area: what; white-space: normal; }
          .mail .what .mono { grid-area: what2; min-width: 0; line-height: 1.9; }
          .envelope { gap: .2rem .9rem; padding: .8rem 1rem; font-size: .875rem; line-height: 1.45; }
          .tabs a { padding-inline: .8rem; }
          iframe.letter { margin-inline: calc(-1 * clamp(1rem, 4vw, 2rem)); width: 100vw; max-width: none; border-inline: 0; border-radius: 0; }
        }
        @media (max-width: 29.99rem) {
          .search .field { flex-basis: 100%; }
          .search .button { flex: 1; }
        }
        """);
}
