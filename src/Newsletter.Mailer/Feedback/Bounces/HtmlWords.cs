using System.Net;
using System.Text;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>The words of an HTML report, line by line. One pass: no tree is built of what anyone may send.</summary>
internal static class HtmlWords
{
    public static string Of(string html)
    {
        var words = new StringBuilder(html.Length);
        // Looked for once: a mail of nothing but such tags must not have its rest searched for each.
        var neverClosed = new HashSet<string>(StringComparer.Ordinal);
        var asWritten = false;
        for (var at = 0; at < html.Length;)
        {
            if (html[at] != '<')
            {
                words.Append(html[at] is '\n' && !asWritten ? ' ' : html[at]);
                at++;
                continue;
            }

            var end = html.IndexOf('>', at);
            if (end < 0)
                break;
            var tag = Name(html.AsSpan(at + 1, end - at - 1));
            // Headers of the returned message stand in it, a line each.
            asWritten = tag is "pre" ? html[at + 1] != '/' : asWritten;
            at = tag is "style" or "script" or "head" or "title" ? Past(html, end, tag, neverClosed) : end + 1;
            if (tag is "p" or "br" or "div" or "tr" or "li" or "h1" or "h2" or "h3" or "td" or "table" or "hr" or "pre" or "ul" or "ol")
                words.Append('\n');
        }

        return WebUtility.HtmlDecode(words.ToString());
    }

    private static string Name(ReadOnlySpan<char> tag)
    {
        var name = tag.TrimStart('/');
        var length = name.IndexOfAny(" \t\n\r/");
        name = length < 0 ? name : name[..length];
        return name.Length > 8 ? "" : name.ToString().ToLowerInvariant();
    }

    private static int Past(string html, int from, string tag, HashSet<string> neverClosed)
    {
        var close = neverClosed.Contains(tag) ? -1 : html.IndexOf($"</{tag}", from, StringComparison.OrdinalIgnoreCase);
        var end = close < 0 ? -1 : html.IndexOf('>', close);
        if (end < 0)
            neverClosed.Add(tag);
        return end < 0 ? from + 1 : end + 1;
    }
}
