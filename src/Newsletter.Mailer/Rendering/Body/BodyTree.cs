using Markdig;
using Markdig.Extensions.TaskLists;
using Markdig.Helpers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>The Markdown of an edition, read and put right: the one tree that the HTML and the text are both made from.</summary>
internal sealed class BodyTree
{
    private readonly SlotTable _table;
    private readonly LinkRules _rules;
    private readonly ContainerRules _containers;
    private readonly LineIndex _lines;
    private readonly List<EditionLink> _links = [];

    private BodyTree(MarkdownDocument document, SlotTable table, LinkRules rules, ContainerRules containers, LineIndex lines)
    {
        Document = document;
        _table = table;
        _rules = rules;
        _containers = containers;
        _lines = lines;
    }

    public MarkdownDocument Document { get; }

    /// <summary>Where the links of raw HTML may lead; null where it is text.</summary>
    public LinkRules? RawLinks { get; private init; }

    /// <summary>Every link that is kept, in the order of the text; images aside.</summary>
    public IReadOnlyList<EditionLink> Links => _links;

    /// <summary>The containers, outer before inner.</summary>
    public IReadOnlyList<EditionContainer> Containers { get; private set; } = [];

    /// <summary>Reads what <see cref="BodySource"/> prepared.</summary>
    /// <param name="prepared">The Markdown, with tokens where slots stood.</param>
    /// <param name="dialect">How it is read.</param>
    /// <param name="table">What the tokens stand for.</param>
    /// <param name="rules">Where links may lead.</param>
    /// <param name="containers">What containers must have.</param>
    /// <param name="lines">Places in the file.</param>
    public static BodyTree Read(string prepared, MarkdownPipeline dialect, SlotTable table, LinkRules rules, ContainerRules containers, LineIndex lines)
    {
        var keepsHtml = dialect == MarkdownDialect.ReadingHtml;
        var tree = new BodyTree(Markdown.Parse(prepared, dialect), table, rules, containers, lines) { RawLinks = keepsHtml ? rules : null };
        if (keepsHtml)
            tree._links.AddRange(RawLink.In(tree.Document, prepared, rules, lines));
        containers.CheckLost(tree.Document, prepared);
        tree.PutRight();
        return tree;
    }

    private void PutRight()
    {
        foreach (var block in Document.Descendants<CodeBlock>())
            RestoreLines(block);
        foreach (var inline in Document.Descendants<CodeInline>().ToList())
            inline.Content = _table.RestoreInCode(inline.Content);
        foreach (var tags in Document.Descendants<TagBlock>())
            tags.Read(_table);
        foreach (var task in Document.Descendants<TaskList>().ToList())
            task.ReplaceBy(new LiteralInline(task.Checked ? "☑" : "☐"));
        foreach (var inline in Document.Descendants<AutolinkInline>().ToList())
            CheckAutolink(inline);
        foreach (var inline in Document.Descendants<LinkInline>().ToList())
            CheckLink(inline);
        foreach (var paragraph in Document.Descendants<ParagraphBlock>().Where(IsOnlyFiller).ToList())
            paragraph.Parent?.Remove(paragraph);
        CheckContainers();
    }

    private void CheckContainers()
    {
        foreach (var fence in Document.Descendants<StrayFence>().ToList())
        {
            _containers.Check(fence);
            fence.Parent?.Remove(fence);
        }

        _containers.CheckFootnotes(Document);
        Containers = [.. Document.Descendants<EditionContainer>()];
        foreach (var container in Containers)
            _containers.Check(container);
        if (_containers.Links.Count == 0 && RawLinks is null)
            return;
        _links.AddRange(_containers.Links);
        _links.Sort((a, b) => (a.Line, a.Column).CompareTo((b.Line, b.Column)));
    }

    // Braces in code are text, also where only the last reading finds that it is code.
    private void RestoreLines(CodeBlock block)
    {
        for (var i = 0; i < block.Lines.Count; i++)
        {
            ref var line = ref block.Lines.Lines[i];
            if (SlotTable.HasTokens(line.Slice.AsSpan()))
                line.Slice = new StringSlice(_table.RestoreInCode(line.Slice.ToString()));
        }
    }

    private void CheckAutolink(AutolinkInline link)
    {
        var at = _lines.At(link.Span.Start);
        if (link.IsEmail || _rules.Allows(link.Url, at))
            _links.Add(_rules.Kept(link.IsEmail ? "mailto:" + link.Url : link.Url, at));
        else
            link.ReplaceBy(new LiteralInline(link.Url));
    }

    private void CheckLink(LinkInline link)
    {
        var at = _lines.At(link.Span.Start);
        var allowed = link.IsImage ? (link.Url = _rules.AddressOfImage(link.Url, at)) is not null : _rules.Allows(link.Url, at);
        if (!allowed)
        {
            link.MoveChildrenAfter(link);
            link.Remove();
        }
        else if (!link.IsImage)
            _links.Add(_rules.Kept(link.Url!, at));
    }

    private static bool IsOnlyFiller(ParagraphBlock paragraph) =>
        paragraph.Inline is { FirstChild: LiteralInline only } && only.NextSibling is null
        && only.Content.AsSpan().Trim(SlotTable.Filler).IsWhiteSpace();
}
