using System.Text.RegularExpressions;
using AngleSharp.Dom;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>What an author meant to come back to. Code is passed over: there it is the subject.</summary>
internal static partial class LeftoverChecks
{
    public static void Look(PreflightSubject subject, FindingList found)
    {
        var prose = subject.Source.Prose;
        foreach (Match left in Placeholder().Matches(prose))
            found.Add("placeholder-left", $"\"{left.Value}\" looks like a place that was to be filled.", "Fill it, or take it out.", subject.Source.At(left.Index));
        foreach (Match tag in MergeTag().Matches(prose))
            found.Add("merge-tag-left", $"\"{tag.Value}\" is another tool's slot: readers would see it as it stands.", "Write {{ subscriber.first_name | default: \"friend\" }}, or mark it as `code` if it is meant.", subject.Source.At(tag.Index));
        foreach (var page in subject.Pages)
            Braces(subject, page, found);
    }

    // In the text as readers get it, less what is code.
    private static void Braces(PreflightSubject subject, PreflightSubject.Page page, FindingList found)
    {
        if (page.Document.Body is not { } body)
            return;
        var text = string.Concat(body.Descendants<IText>().Where(node => node.ParentElement is not { LocalName: "code" or "pre" or "style" }).Select(node => node.Data));
        var (open, close) = (text.AsSpan().Count("{{"), text.AsSpan().Count("}}"));
        if (open == close)
            return;
        var mark = open > close ? "{{" : "}}";
        var at = subject.Source.Prose.LastIndexOf(mark, StringComparison.Ordinal);
        found.Add("braces-unbalanced", $"\"{mark}\" stands in the text without its counterpart, and is shown to readers.", "Complete the slot, or write it as `code`.", at < 0 ? null : subject.Source.At(at), subject.NameOf(page));
    }

    [GeneratedRegex(@"\b[Ll]orem ipsum\b|\b(TODO|FIXME|TBD|TK TK|XXX+)\b|\[((FIRST |LAST |YOUR |INSERT )?(NAME|TITLE|DATE|LINK|URL|COMPANY|CITY|ADDRESS|TEXT|IMAGE)( HERE)?)\](?![(\[])", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\*\|[A-Z][A-Z0-9_:]*\|\*|%(FNAME|LNAME|NAME|EMAIL|FIRSTNAME|LASTNAME|FIRST_NAME|LAST_NAME|UNSUBSCRIBE(_URL)?|RECIPIENT)%|\[\[\s*(name|first_?name|last_?name|email|unsubscribe)\s*\]\]|<%=?\s*\w+[^%\n]*%>", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex MergeTag();
}
