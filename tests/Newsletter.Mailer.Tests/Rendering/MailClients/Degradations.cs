namespace Newsletter.Mailer.Tests.Rendering.MailClients;

/// <summary>
/// Features that some clients don't have, or only in part, and what a reader there sees instead. One that isn't in this list may not be used;
/// one that is in it and isn't used any more has to go.
/// </summary>
internal static class Degradations
{
    /// <summary>Feature → which clients lack it, and why it may be used all the same.</summary>
    public static readonly IReadOnlyDictionary<string, Degradation> Reasons = new Dictionary<string, Degradation>(StringComparer.Ordinal)
    {
        ["css-at-media"] = new("gmail outlook/windows outlook/outlook-com outlook/ios outlook/android yahoo samsung-email thunderbird", "Phones without it show the desktop's layout, which is fluid; Outlook on Windows and Thunderbird are never that narrow."),
        ["css-at-media-prefers-color-scheme"] = new("gmail outlook/windows yahoo thunderbird", "Without it the mail is light, or the client darkens it by itself; colours hold their contrast either way."),
        ["css-selector-attribute"] = new("gmail outlook/windows outlook/outlook-com outlook/ios outlook/android yahoo", "Only hooks that one client sets itself (data-ogsc, data-ogsb in Outlook, x-apple-data-detectors in Apple Mail); nobody else has them."),
        ["css-selector-adjacent-sibling"] = new("gmail/android gmail/ios outlook/windows", "Only Gmail's own hook (u + .page)."),
        ["css-selector-chaining"] = new("gmail/android gmail/ios outlook/windows outlook/outlook-com", "Only in the head, for dark mode and phones."),
        ["css-selector-descendant"] = new("gmail/android gmail/ios", "Only in the head, for dark mode and phones."),
        ["css-selector-class"] = new("gmail/android gmail/ios", "Only in the head, for dark mode and phones."),
        ["css-selector-grouping"] = new("gmail/android gmail/ios", "Only in the head, for dark mode and phones."),
        ["css-selector-type"] = new("gmail/android gmail/ios", "Only in the head, for dark mode and phones."),
        ["css-important"] = new("gmail outlook/windows yahoo", "Only in the head, to win over inline styles; where it is not read, the head is not read."),
        ["css-border-radius"] = new("outlook/windows yahoo", "Outlook on Windows shows square corners."),
        ["css-border"] = new("outlook/windows", "Outlook on Windows draws none on some inline elements; ours are on blocks and cells."),
        ["css-color-scheme"] = new("gmail outlook yahoo", "Only declares that both schemes are taken care of."),
        ["css-display"] = new("gmail/android gmail/ios outlook/windows yahoo", "Buttons and stacked cells: Outlook on Windows keeps the cell's own padding (mso-padding-alt), phones without it keep two columns."),
        ["css-display-none"] = new("outlook/windows", "The hidden preheader is also 1 pixel high, transparent and mso-hide."),
        ["css-height"] = new("outlook/windows yahoo", "Images keep their own height where it is not read."),
        ["css-letter-spacing"] = new("outlook/windows", "Headings are set a little wider."),
        ["css-line-height"] = new("outlook/windows", "Outlook on Windows rounds it; lines stand as far apart or farther."),
        ["css-list-style"] = new("gmail outlook/windows yahoo", "A bullet before an emoji or a checkbox is one mark too many, no more."),
        ["css-margin"] = new("gmail outlook/windows outlook/outlook-com outlook/ios outlook/android yahoo", "Outlook on Windows has none on inline elements, and negative ones nowhere: there a caption stands a little lower."),
        ["css-max-height"] = new("outlook/windows", "Only hides the preheader, with display:none beside it."),
        ["css-max-width"] = new("outlook/windows", "Outlook on Windows gets the width from a table in a conditional comment, and images have a width attribute."),
        ["css-opacity"] = new("outlook/windows", "Only hides the preheader, with display:none beside it."),
        ["css-overflow"] = new("gmail outlook apple-mail yahoo samsung-email", "A wide table makes the mail scroll, instead of scrolling by itself."),
        ["css-overflow-wrap"] = new("gmail outlook/windows outlook/outlook-com outlook/ios outlook/android apple-mail yahoo", "word-break stands beside it."),
        ["css-padding"] = new("outlook/windows", "Outlook on Windows has it in cells, where ours that matters is; lists and quotes keep its own indent there."),
        ["css-text-decoration-thickness"] = new("gmail outlook/windows outlook/outlook-com outlook/ios outlook/android yahoo", "Links are underlined a little thicker."),
        ["css-text-underline-offset"] = new("gmail outlook yahoo", "Links are underlined a little closer."),
        ["css-text-indent"] = new("gmail yahoo", "The second line of an item that begins with an emoji stands under the emoji."),
        ["css-white-space"] = new("gmail/android gmail/ios outlook/windows yahoo/android yahoo/ios samsung-email", "Lines of code are wrapped by pre's own rules."),
        ["css-width"] = new("outlook/windows", "Tables and images have a width attribute beside it."),
        ["css-word-break"] = new("gmail/android gmail/ios outlook/outlook-com outlook/macos outlook/ios outlook/android apple-mail yahoo samsung-email", "A long word makes the mail a little wider."),
        ["css-font-size"] = new("outlook/windows yahoo samsung-email", "Outlook on Windows and Yahoo don't know every unit; ours are pixels."),
        ["css-text-decoration"] = new("gmail/android gmail/ios outlook/windows", "Only the short form with more than a line in it; ours is none or underline."),
        ["css-font-weight"] = new("outlook/windows yahoo", "The nearest weight there is."),
        ["css-text-align"] = new("gmail/android outlook/windows yahoo samsung-email", "start, on phones only: what was aligned stays so."),
        ["html-anchor-links"] = new("gmail/ios yahoo samsung-email", "A footnote's number leads nowhere; the note itself is at the end of the mail."),
        ["html-aria-hidden"] = new("yahoo thunderbird", "The preheader and the play mark are read out."),
        ["html-aria-label"] = new("yahoo thunderbird", "The article has no name read out; its title follows."),
        ["html-role"] = new("yahoo", "Layout tables may be read as tables."),
        ["html-body"] = new("gmail outlook/outlook-com outlook/macos outlook/ios outlook/android yahoo", "Webmail turns it into a div; the ground is on a table too."),
        ["html-lists"] = new("gmail outlook yahoo", "We use neither reversed nor value."),
        ["html-style"] = new("gmail outlook/windows", "What must hold is inline."),
        ["html-meta-color-scheme"] = new("gmail outlook apple-mail/ios yahoo samsung-email", "Only declares that both schemes are taken care of."),
        ["html-dir"] = new("outlook/windows", "Alignment is mirrored in the styles too."),
        ["html-lang"] = new("yahoo", "Only helps who reads aloud."),
        ["html-doctype"] = new("outlook/windows yahoo/android samsung-email thunderbird", "Webmail has its own."),
        ["html-width"] = new("outlook/windows", "Styles stand beside it."),
        ["html-align"] = new("outlook/macos", "Styles stand beside it."),
    };

    /// <summary>Properties that caniemail doesn't list: as old as CSS itself, or hooks for one client alone.</summary>
    public static readonly IReadOnlySet<string> Unlisted = new HashSet<string>(StringComparer.Ordinal)
    {
        "css-color", "css--webkit-text-size-adjust", "css--ms-text-size-adjust", "css-mso-hide", "css-mso-padding-alt", "css-mso-line-height-rule",
        "css-supported-color-schemes", "css-font",
    };

    /// <summary>Those of our clients that lack the feature and aren't listed with a reason.</summary>
    public static IEnumerable<string> Unreasoned(string feature, CanIEmail clients) =>
        clients.Without(feature).Where(client => !Reasons.TryGetValue(feature, out var reason) || !reason.Covers(client));
}

/// <summary>What a reader sees in the place of a feature.</summary>
/// <param name="Clients">Which clients lack it, whole families (<c>gmail</c>) or single ones (<c>outlook/windows</c>); where another does, somebody has to think again.</param>
/// <param name="Why">Why the feature may be used all the same.</param>
internal sealed record Degradation(string Clients, string Why)
{
    public IReadOnlyList<string> Names { get; } = Clients.Split(' ');

    public bool Covers(string client) => Names.Contains(client) || Names.Contains(client.Split('/')[0]);
}
