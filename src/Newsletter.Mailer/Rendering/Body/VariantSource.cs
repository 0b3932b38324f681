using Markdig.Extensions.Footnotes;
using Markdig.Syntax;
using Newsletter.Mailer.Rendering.Body.Containers;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// The Markdown as some readers see it: what isn't for them is blanked at unchanged length, and the rest is read again. Nothing of it can come
/// back that way, neither as a footnote nor as a link.
/// </summary>
internal static class VariantSource
{
    /// <summary>The Markdown without what these readers don't see; of a premium part the fences stay, to say where it was.</summary>
    public static string Of(string prepared, BodyTree whole, Func<ContainerCondition, bool> isTrue)
    {
        var hidden = whole.Containers.Where(container => container.Condition is { } condition && !isTrue(condition)).ToList();
        if (hidden.Count == 0)
            return prepared;

        var text = prepared.ToCharArray();
        var kept = Definitions(whole.Document, text.Length);
        foreach (var container in hidden)
            if (container.Kind is ContainerKind.Premium)
                Blank(text, container.ContentStart, container.ContentEnd, container.Column, kept);
            else
                Blank(text, StartOfLine(prepared, container.Span.Start), EndOfLine(prepared, container.ContentEnd), container.Column, kept);
        return new string(text);
    }

    // Definitions show nothing by themselves, and may be meant for what stands elsewhere. Not so a footnote's text: a container's footnotes are refused, and one in a footnote is hidden as anywhere.
    private static bool[] Definitions(MarkdownDocument document, int length)
    {
        var kept = new bool[length];
        foreach (var span in document.Descendants<LinkReferenceDefinition>().Where(definition => definition is not FootnoteLinkReferenceDefinition).Select(definition => definition.Span))
            for (var i = Math.Max(0, span.Start); i <= span.End && i < length; i++)
                kept[i] = true;
        return kept;
    }

    // The marks of a quote or list around it stay: it goes on behind.
    private static void Blank(char[] text, int from, int to, int column, bool[] kept)
    {
        for (var line = Math.Max(0, from); line < to;)
        {
            var end = Array.IndexOf(text, '\n', line) is var newline and >= 0 ? newline : text.Length;
            var start = line;
            while (start < end && start - line < column && text[start] is ' ' or '>' or '\t')
                start++;
            for (var i = start; i < Math.Min(end, to); i++)
                text[i] = kept[i] ? text[i] : ' ';
            line = end + 1;
        }
    }

    // Not by the column: a tab is several.
    private static int StartOfLine(string text, int at) => at <= 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;

    private static int EndOfLine(string text, int at) => at >= text.Length ? text.Length : text.IndexOf('\n', at) is var end and >= 0 ? end : text.Length;
}
