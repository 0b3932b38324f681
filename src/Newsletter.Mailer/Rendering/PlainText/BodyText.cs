using Markdig.Extensions.Alerts;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Targets;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>
/// The tree as text that reads as if typed by a person: headings underlined, links as notes listed under their section,
/// lines of at most 76 columns. Tokens of slots stand in it where slots stood.
/// </summary>
internal sealed partial class BodyText
{
    public const int Width = 76;

    private readonly TextNotes _notes;
    private readonly InlineText _inlines;
    private readonly ContainerSetting _setting;
    private readonly LinkRules? _rawLinks;

    private BodyText(ContainerSetting setting, LinkTargets targets, LinkRules? rawLinks)
    {
        (_setting, _rawLinks) = (setting, rawLinks);
        _notes = new TextNotes(targets);
        _inlines = new InlineText(_notes, setting.Words, rawLinks);
    }

    /// <summary>The text, and the footnotes that stand below its sign-off; empty where there are none.</summary>
    public static (string Text, string Footnotes) Render(BodyTree tree, ContainerSetting setting, LinkTargets targets)
    {
        var text = new BodyText(setting, targets, tree.RawLinks);
        var written = text.Document(tree.Document.Where(block => block is not FootnoteGroup));
        return (Joined(written), Joined(text.Document(tree.Document.OfType<FootnoteGroup>())));
    }

    private static string Joined(List<string> lines) => string.Join('\n', lines).Trim('\n');

    /// <summary>A heading's underline.</summary>
    public static string Rule(char of, IEnumerable<string> lines) => new(of, Math.Clamp(lines.Max(DisplayWidth.Of), 3, Width));

    private List<string> Document(IEnumerable<Block> blocks)
    {
        var lines = new List<string>();
        var tags = new TextTags(lines);
        foreach (var block in blocks)
        {
            if (block is HeadingBlock { Level: <= 2 })
                AddNotes(lines);
            if (block is TagBlock tag)
            {
                // The notes of a way stand in it, and those of what comes before stand before it.
                AddNotes(lines);
                tags.Add(tag);
                continue;
            }

            var content = Lines(block, Width).ToList();
            if (content.Count == 0)
                continue;
            if (lines.Count > 0)
                lines.Add("");
            if (block is HeadingBlock { Level: <= 2 } && lines.Count > 0)
                lines.Add("");
            tags.AddBlock(content);
        }

        AddNotes(lines);
        tags.End();
        return lines;
    }

    private void AddNotes(List<string> lines)
    {
        var notes = _notes.Take();
        if (notes.Count == 0)
            return;
        lines.Add("");
        lines.AddRange(notes);
    }

    private IEnumerable<string> Lines(Block block, int width) => block switch
    {
        HeadingBlock heading => Heading(heading, width),
        ParagraphBlock paragraph => Paragraph(paragraph, width),
        ListBlock list => List(list, width),
        AlertBlock alert => Quote(alert, width).Prepend($"{FlowMark.Quote} {CalloutWords.Of(alert.Kind.ToString(), _setting.Words).ToUpperInvariant()}"),
        QuoteBlock quote => Quote(quote, width),
        CodeBlock code => Code(code),
        ThematicBreakBlock => [Centred("* * *")],
        EditionContainer container => Container(container, width),
        HtmlBlock html => LineWrap.Flow(RawText.Of(html.Lines.ToString(), _rawLinks, _notes), width).Where(line => line.Length > 0),
        Table table => TextTable.Lines(table, _inlines, width),
        FootnoteGroup group => Footnotes(group, width),
        // Definitions of links and footnotes hold nothing to read.
        LinkReferenceDefinitionGroup or LinkReferenceDefinition or Footnote => [],
        ContainerBlock container => Blocks(container, width, isTight: false),
        TagBlock tag => [string.Concat(tag.Tags.Select(inner => inner.Token))],
        LeafBlock leaf => LineWrap.Flow(_inlines.Of(leaf.Inline), width),
        _ => [],
    };

    private IEnumerable<string> Heading(HeadingBlock heading, int width)
    {
        var text = LineWrap.Wrap(_inlines.Of(heading.Inline), width);
        return heading.Level switch
        {
            1 => text.Append(Rule('=', text)),
            2 => text.Append(Rule('-', text)),
            _ => text,
        };
    }

    private List<string> Paragraph(ParagraphBlock paragraph, int width)
    {
        var text = _inlines.Of(paragraph.Inline);
        return string.IsNullOrWhiteSpace(text) ? [] : LineWrap.Flow(text, width);
    }

    private List<string> Blocks(ContainerBlock container, int width, bool isTight)
    {
        var lines = new List<string>();
        var tags = new TextTags(lines);
        foreach (var block in container)
        {
            if (block is TagBlock tag)
            {
                tags.Add(tag);
                continue;
            }

            var content = Lines(block, width).ToList();
            if (content.Count == 0)
                continue;
            if (lines.Count > 0 && !(isTight && block is ListBlock))
                lines.Add("");
            tags.AddBlock(content);
        }

        tags.End();
        return lines;
    }

    private IEnumerable<string> List(ListBlock list, int width)
    {
        var number = int.TryParse(list.OrderedStart, out var start) ? start : 1;
        var items = list.OfType<ListItemBlock>().ToList();
        var indent = list.IsOrdered ? $"{number + items.Count - 1}. ".Length : 2;
        for (var i = 0; i < items.Count; i++)
        {
            var mark = list.IsOrdered ? $"{number + i}. ".PadLeft(indent) : IsTask(items[i]) ? "" : "- ";
            var content = Blocks(items[i], width - indent, isTight: !list.IsLoose);
            if (i > 0 && list.IsLoose)
                yield return "";
            for (var j = 0; j < content.Count; j++)
                yield return ((j == 0 ? mark : new string(' ', indent)) + FlowMark.Fixed(content[j])).TrimEnd();
            if (content.Count == 0)
                yield return mark.TrimEnd();
        }
    }

    // Its box is its mark.
    private static bool IsTask(ListItemBlock item) =>
        item.FirstOrDefault() is ParagraphBlock { Inline.FirstChild: LiteralInline first } && first.Content.ToString() is ("☑" or "☐");

    private IEnumerable<string> Quote(QuoteBlock quote, int width) =>
        Blocks(quote, width - 2, isTight: false).Select(InQuote);

    private static string InQuote(string line) => line.Length == 0 || line[0] == FlowMark.Quote ? FlowMark.Quote + line : $"{FlowMark.Quote} {line}";

    private static string Centred(string text) => new string(' ', Math.Max(0, (Width - DisplayWidth.Of(text)) / 2)) + text;

    private static IEnumerable<string> Code(CodeBlock code) =>
        code.Lines.ToString().Split('\n').Select(line => ("    " + line).TrimEnd());

    private IEnumerable<string> Footnotes(FootnoteGroup group, int width)
    {
        yield return _setting.Words.Text("text.notes");
        yield return Rule('-', [_setting.Words.Text("text.notes")]);
        foreach (var footnote in group.OfType<Footnote>())
        {
            var mark = $"{footnote.Order}. ";
            var content = Blocks(footnote, width - mark.Length, isTight: false);
            for (var i = 0; i < content.Count; i++)
                yield return ((i == 0 ? mark : new string(' ', mark.Length)) + FlowMark.Fixed(content[i])).TrimEnd();
        }
    }
}
