using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// Whether the tags of an edition make whole choices, each in one place: between the blocks of one box, or among the words of one run. So whichever way
/// a reader goes, no element is left open, and a part that some don't see never takes one end of a choice with it.
/// </summary>
internal static class TagPlaces
{
    public static void Check(MarkdownDocument document, SlotTable table, SlotReader reader)
    {
        var seen = new HashSet<SlotSource>(ReferenceEqualityComparer.Instance);
        var places = new Dictionary<MarkdownObject, TagNesting>(ReferenceEqualityComparer.Instance);
        foreach (var node in document.Descendants())
        {
            var (place, tokens) = node switch
            {
                TagBlock block => ((MarkdownObject?)block.Parent, block.Tokens),
                TagInline inline => (inline.Parent, inline.Token),
                _ => (null, ""),
            };
            if (place is null)
                continue;
            var nesting = places.TryGetValue(place, out var known) ? known : places[place] = new TagNesting();
            foreach (var source in Sources(tokens, table))
            {
                seen.Add(source);
                if (IsInLabel(node))
                    reader.Refuse(source, (0, $"{source.Text}: a button, video or poll says the same to everybody. Put the whole of it between the tags, each on a line of its own."));
                else
                    Take(nesting, source, reader);
            }
        }

        foreach (var tag in places.Values.SelectMany(place => place.Unended))
            reader.Refuse(tag, (0, TagNesting.Missing(tag)));
        foreach (var tag in table.Slots.Where(slot => slot.IsTag && !table.IsInCode(slot) && !seen.Contains(slot)))
            reader.Refuse(tag, (0, $"{tag.Text} can't stand in a link's address or title, nor in raw HTML or behind a container's name. Put it among words, or on a line of its own."));
    }

    /// <summary>The same of a line that is no Markdown: a subject.</summary>
    public static void Check(string line, SlotTable table, SlotReader reader)
    {
        var nesting = new TagNesting();
        foreach (var source in Sources(line, table).Where(source => source.IsTag))
            Take(nesting, source, reader);
        foreach (var tag in nesting.Unended)
            reader.Refuse(tag, (0, TagNesting.Missing(tag)));
    }

    private static bool IsInLabel(MarkdownObject node)
    {
        var block = node is Inline inline ? Block(inline) : (Block)node;
        for (var parent = block?.Parent; parent is not null; parent = parent.Parent)
            if (parent is EditionContainer { Kind: ContainerKind.Button or ContainerKind.Video or ContainerKind.Poll })
                return true;
        return false;
    }

    private static LeafBlock? Block(Inline inline)
    {
        var outermost = inline;
        while (outermost.Parent is { } parent)
            outermost = parent;
        return (outermost as ContainerInline)?.ParentBlock;
    }

    private static void Take(TagNesting nesting, SlotSource source, SlotReader reader)
    {
        if (SlotTag.Read(source.Text) is { } tag && nesting.Take(source, tag) is { } problem)
            reader.Refuse(source, (0, problem));
    }

    private static IEnumerable<SlotSource> Sources(string text, SlotTable table)
    {
        for (var i = 0; i < text.Length; i++)
            if (table.TryRead(text, i, out var source, out _, out var end))
            {
                yield return source;
                i = end;
            }
    }
}
