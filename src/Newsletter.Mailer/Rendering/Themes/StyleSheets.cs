using System.Text;
using AngleSharp.Dom;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>The style sheets in a layout of a newsletter's own: plain rules are inlined, what can't be inlined stays.</summary>
internal static class StyleSheets
{
    /// <summary>Takes the plain rules out of the page's style elements.</summary>
    public static string TakePlain(IDocument page, string headCss)
    {
        var plain = new StringBuilder();
        foreach (var style in page.QuerySelectorAll("style").Where(style => style.TextContent.Trim() != headCss.Trim()))
        {
            var (inline, kept) = Split(style.TextContent.Replace(headCss, "", StringComparison.Ordinal));
            plain.Append(inline);
            if (style.TextContent.Contains(headCss, StringComparison.Ordinal))
                kept = headCss + "\n" + kept;
            if (kept.Trim().Length == 0)
                style.Remove();
            else
                style.TextContent = kept;
        }

        return plain.ToString();
    }

    /// <summary>Rules to be inlined, and those that can't be: at-rules, pseudo-classes, and rules that must win over inline styles.</summary>
    public static (string Plain, string Kept) Split(string css)
    {
        var (plain, kept) = (new StringBuilder(), new StringBuilder());
        for (var at = 0; at < css.Length;)
        {
            var open = css.IndexOf('{', at);
            if (open < 0)
                break;
            var close = CloseOf(css, open);
            var rule = css[at..Math.Min(css.Length, close + 1)].Trim();
            var isKept = rule.Contains('@', StringComparison.Ordinal) || rule[..rule.IndexOf('{', StringComparison.Ordinal)].Contains(':', StringComparison.Ordinal)
                || rule.Contains("!important", StringComparison.Ordinal);
            (isKept ? kept : plain).Append(rule).Append('\n');
            at = close + 1;
        }

        return (plain.ToString(), kept.ToString());
    }

    private static int CloseOf(string css, int open)
    {
        var depth = 0;
        for (var i = open; i < css.Length; i++)
        {
            if (css[i] == '{')
                depth++;
            else if (css[i] == '}' && --depth == 0)
                return i;
        }

        return css.Length;
    }
}
