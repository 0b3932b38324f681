namespace Newsletter.Mailer.Tests.Rendering.MailClients;

/// <summary>
/// Features that some clients don't have, or only in part, and what a reader there sees instead. One that isn't in this list may not be used;
/// one that is in it and isn't used any more has to go.
/// </summary>
internal static class Degradations
{
    /// <summary>Feature → why it may be used, and by which of our clients it may be missed (null: any).</summary>
    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["css-at-media"] = "Phones without it show the desktop's layout, which is fluid; Outlook on Windows and Thunderbird are never that narrow.",
        ["css-at-media-prefers-color-scheme"] = "Without it the mail is light, or the client darkens it by itself; colours hold their contrast either way.",
        ["css-selector-attribute"] = "Only hooks that one client sets itself (data-ogsc, data-ogsb in Outlook, x-apple-data-detectors in Apple Mail); nobody else has them.",
        ["css-selector-adjacent-sibling"] = "Only Gmail's own hook (u + .page).",
        ["css-selector-chaining"] = "Only in the head, for dark mode and phones.",
        ["css-selector-descendant"] = "Only in the head, for dark mode and phones.",
        ["css-selector-class"] = "Only in the head, for dark mode and phones.",
        ["css-selector-grouping"] = "Only in the head, for dark mode and phones.",
        ["css-selector-type"] = "Only in the head, for dark mode and phones.",
        ["css-important"] = "Only in the head, to win over inline styles; where it is not read, the head is not read.",
        ["css-border-radius"] = "Outlook on Windows shows square corners.",
        ["css-border"] = "Outlook on Windows draws none on some inline elements; ours are on blocks and cells.",
        ["css-color-scheme"] = "Only declares that both schemes are taken care of.",
        ["css-display"] = "Buttons and stacked cells: Outlook on Windows keeps the cell's own padding (mso-padding-alt), phones without it keep two columns.",
        ["css-display-none"] = "The hidden preheader is also 1 pixel high, transparent and mso-hide.",
        ["css-height"] = "Images keep their own height where it is not read.",
        ["css-letter-spacing"] = "Headings are set a little wider.",
        ["css-line-height"] = "Outlook on Windows rounds it; lines stand as far apart or farther.",
        ["css-list-style"] = "A bullet before an emoji or a checkbox is one mark too many, no more.",
        ["css-margin"] = "Outlook on Windows has none on inline elements, and negative ones nowhere: there a caption stands a little lower.",
        ["css-max-height"] = "Only hides the preheader, with display:none beside it.",
        ["css-max-width"] = "Outlook on Windows gets the width from a table in a conditional comment, and images have a width attribute.",
        ["css-opacity"] = "Only hides the preheader, with display:none beside it.",
        ["css-overflow"] = "A wide table makes the mail scroll, instead of scrolling by itself.",
        ["css-overflow-wrap"] = "word-break stands beside it.",
        ["css-padding"] = "Outlook on Windows has it in cells, where ours that matters is; lists and quotes keep its own indent there.",
        ["css-text-decoration-thickness"] = "Links are underlined a little thicker.",
        ["css-text-underline-offset"] = "Links are underlined a little closer.",
        ["css-text-indent"] = "The second line of an item that begins with an emoji stands under the emoji.",
        ["css-white-space"] = "Lines of code are wrapped by pre's own rules.",
        ["css-width"] = "Tables and images have a width attribute beside it.",
        ["css-word-break"] = "A long word makes the mail a little wider.",
        ["css-font-size"] = "Outlook on Windows and Yahoo don't know every unit; ours are pixels.",
        ["css-text-decoration"] = "Only the short form with more than a line in it; ours is none or underline.",
        ["css-font-weight"] = "The nearest weight there is.",
        ["css-text-align"] = "start, on phones only: what was aligned stays so.",
        ["html-anchor-links"] = "A footnote's number leads nowhere; the note itself is at the end of the mail.",
        ["html-aria-hidden"] = "The preheader and the play mark are read out.",
        ["html-aria-label"] = "The article has no name read out; its title follows.",
        ["html-role"] = "Layout tables may be read as tables.",
        ["html-body"] = "Webmail turns it into a div; the ground is on a table too.",
        ["html-lists"] = "We use neither reversed nor value.",
        ["html-style"] = "What must hold is inline.",
        ["html-meta-color-scheme"] = "Only declares that both schemes are taken care of.",
        ["html-dir"] = "Alignment is mirrored in the styles too.",
        ["html-lang"] = "Only helps who reads aloud.",
        ["html-doctype"] = "Webmail has its own.",
        ["html-width"] = "Styles stand beside it.",
        ["html-align"] = "Styles stand beside it.",
    };

    /// <summary>Properties that caniemail doesn't list: as old as CSS itself, or hooks for one client alone.</summary>
    public static readonly IReadOnlySet<string> Unlisted = new HashSet<string>(StringComparer.Ordinal)
    {
        "css-color", "css--webkit-text-size-adjust", "css--ms-text-size-adjust", "css-mso-hide", "css-mso-padding-alt", "css-mso-line-height-rule",
        "css-supported-color-schemes", "css-font",
    };
}
