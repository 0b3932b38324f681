using Markdig;
using Markdig.Extensions.TaskLists;
using Markdig.Helpers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>The Markdown of an edition, read and put right: the one tree that the HTML and the text are both made from.</summary>
internal sealed class BodyTree
{
    private readonly SlotTable _table;
    private readonly LinkRules _rules;
    private readonly LineIndex _lines;
    private readonly List<EditionLink> _links = [];

    private BodyTree(MarkdownDocument document, SlotTable table, LinkRules rules, LineIndex lines)
    {
        Document = document;
        _table = table;
        _rules = rules;
        _lines = lines;
    }

    public MarkdownDocument Document { get; }

    /// <summary>Every link that is kept, in the order of the text; images aside.</summary>
    public IReadOnlyList<EditionLink> Links => _links;

    /// <summary>Reads what <see cref="BodySource"/> prepared.</summary>
    public static BodyTree Read(string prepared, SlotTable table, LinkRules rules, LineIndex lines)
    {
        var tree = new BodyTree(Markdown.Parse(prepared, MarkdownDialect.Reading), table, rules, lines);
        tree.PutRight();
        return tree;
    }

    private void PutRight()
    {
        foreach (var block in Document.Descendants<CodeBlock>())
            RestoreLines(block);
        foreach (var inline in Document.Descendants<CodeInline>().ToList())
            inline.Content = _table.Restore(inline.Content);
        foreach (var task in Document.Descendants<TaskList>().ToList())
            task.ReplaceBy(new LiteralInline(task.Checked ? "☑" : "☐"));
        foreach (var inline in Document.Descendants<AutolinkInline>().ToList())
            CheckAutolink(inline);
        foreach (var inline in Document.Descendants<LinkInline>().ToList())
            CheckLink(inline);
        foreach (var paragraph in Document.Descendants<ParagraphBlock>().Where(IsOnlyFiller).ToList())
            paragraph.Parent?.Remove(paragraph);
    }

    // Braces in code are text, also where only the last reading finds that it is code.
    private void RestoreLines(CodeBlock block)
    {
        for (var i = 0; i < block.Lines.Count; i++)
        {
            ref var line = ref block.Lines.Lines[i];
            if (SlotTable.HasTokens(line.Slice.AsSpan()))
                line.Slice = new StringSlice(_table.Restore(line.Slice.ToString()));
        }
    }

    private void CheckAutolink(AutolinkInline link)
    {
        var at = _lines.At(link.Span.Start);
        if (link.IsEmail || _rules.Allows(link.Url, at))
            _links.Add(new EditionLink(_table.Restore(link.IsEmail ? "mailto:" + link.Url : link.Url), at.Line, at.Column));
        else
            link.ReplaceBy(new LiteralInline(link.Url));
    }

    private void CheckLink(LinkInline link)
    {
        var at = _lines.At(link.Span.Start);
        var allowed = link.IsImage ? _rules.AllowsImage(link.Url, at) : _rules.Allows(link.Url, at);
        if (!allowed)
        {
            link.MoveChildrenAfter(link);
            link.Remove();
        }
        else if (!link.IsImage)
            _links.Add(new EditionLink(_table.Restore(link.Url!), at.Line, at.Column));
    }

    private static bool IsOnlyFiller(ParagraphBlock paragraph) =>
        paragraph.Inline is { FirstChild: LiteralInline only } && only.NextSibling is null
        && only.Content.AsSpan().Trim(SlotTable.Filler).IsWhiteSpace();
}
