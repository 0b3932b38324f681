using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Newsletter.Mailer.Rendering.Personal;

/// <summary>
/// A letter as HTML that mail clients show alike: one table, styles where they stand, a button that is a link, dark where the reader's screen is dark.
/// The colours are those of the pages (4.5:1 or better).
/// </summary>
internal static class LetterHtml
{
    private const string Sans = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private const string Head = """
        :root{color-scheme:light dark;supported-color-schemes:light dark}
        @media (max-width:600px){.outer{padding:0!important}.card{border-radius:0!important;border-left:0!important;border-right:0!important}.pad{padding-left:22px!important;padding-right:22px!important}.go a{display:block!important;text-align:center!important}}
        @media (prefers-color-scheme:dark){
        .page{background-color:#171614!important}.card{background-color:#211f1c!important;border-color:#3a3732!important}
        .ink,.ink h1{color:#eeebe4!important}.soft,.soft a{color:#b0aa9e!important}.name{color:#eeebe4!important}
        .go a{background-color:#6fd3bd!important;border-color:#6fd3bd!important;color:#06231d!important}.rule{border-color:#3a3732!important}.link a{color:#6fd3bd!important}
        }
        """;

    public static string Of(PersonalLetter letter)
    {
        var (name, title) = (Encoder.Encode(letter.Newsletter.Name), Encoder.Encode(letter.Heading));
        return $"""
            <!DOCTYPE html>
            <html lang="{letter.Words.Language}" dir="{letter.Words.Direction}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="supported-color-schemes" content="light dark">
            <title>{title}</title>
            <style>
            {Head}
            </style>
            </head>
            <body class="page" style="margin:0;padding:0;background-color:#f7f5f0">
            <div role="article" aria-roledescription="email" aria-label="{title}" lang="{letter.Words.Language}" dir="{letter.Words.Direction}">
            <table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f7f5f0"><tr><td class="outer" align="center" style="padding:36px 12px">
            <table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background-color:#fffefb;border:1px solid #e3ded3;border-radius:12px;border-collapse:separate">
            <tr><td class="pad name" style="padding:28px 36px 0;color:#1d1b17;font-family:{Sans};font-size:15px;line-height:20px;font-weight:700;text-align:start"><bdi>{name}</bdi></td></tr>
            <tr><td class="pad ink" style="padding:14px 36px 0;color:#1d1b17;font-family:{Sans};font-size:16px;line-height:26px;text-align:start">
            <h1 style="margin:0 0 14px;color:#1d1b17;font-size:25px;line-height:32px;font-weight:700">{title}</h1>
            {Paragraphs(letter.Before)}
            </td></tr>
            <tr><td class="pad go" style="padding:10px 36px 12px;font-family:{Sans};text-align:start"><a href="{Encoder.Encode(letter.Button.Url)}" style="display:inline-block;padding:12px 26px;background-color:#0a6455;border:1px solid #0a6455;border-radius:9px;color:#ffffff;font-size:16px;line-height:24px;font-weight:700;text-decoration:none">{Encoder.Encode(letter.Button.Label)}</a></td></tr>
            <tr><td class="pad ink" style="padding:8px 36px 20px;color:#1d1b17;font-family:{Sans};font-size:16px;line-height:26px;text-align:start">
            {Paragraphs(letter.After)}
            </td></tr>
            {Links(letter.Links)}
            </table>
            <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px"><tr><td class="pad soft" style="padding:18px 36px;color:#625d53;font-family:{Sans};font-size:13px;line-height:20px;text-align:start"><bdi>{name}</bdi>{Postal(letter.Newsletter.PostalAddress)}</td></tr></table>
            </td></tr></table>
            </div>
            </body>
            </html>

            """;
    }

    private static string Paragraphs(IEnumerable<string> texts) =>
        string.Join('\n', texts.Select(text => $"<p style=\"margin:0 0 12px\">{Encoder.Encode(text)}</p>"));

    private static string Links(IReadOnlyList<LetterLink> links) => links.Count == 0 ? "" : $"""
        <tr><td class="pad rule soft link" style="padding:16px 36px 22px;border-top:1px solid #e3ded3;color:#625d53;font-family:{Sans};font-size:14px;line-height:22px;text-align:start">
        {string.Join("\n", links.Select(Link))}
        </td></tr>
        """;

    private static string Link(LetterLink link) =>
        $"<p style=\"margin:0 0 6px\"><a href=\"{Encoder.Encode(link.Url)}\" style=\"color:#0a6455;text-decoration:underline\">{Encoder.Encode(link.Label)}</a></p>";

    private static string Postal(string? address) =>
        address is null ? "" : "<br><span dir=\"auto\">" + Encoder.Encode(address).Replace("&#xA;", "<br>", StringComparison.Ordinal).Replace("\n", "<br>", StringComparison.Ordinal) + "</span>";
}
