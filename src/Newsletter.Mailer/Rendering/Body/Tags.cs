using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>A tag's token among words.</summary>
internal sealed class TagInline(string token) : LeafInline
{
    public string Token { get; } = token;
}

/// <summary>A line of tags only: it stands between blocks, and is none itself.</summary>
internal sealed class TagBlock(BlockParser parser, string tokens) : LeafBlock(parser)
{
    public string Tokens { get; } = tokens;

    /// <summary>The tags one by one; a kind is null where the tag is unknown.</summary>
    public IReadOnlyList<(string Token, SlotTagKind? Kind)> Tags { get; private set; } = [];

    /// <summary>Looks up what the tokens stand for.</summary>
    public void Read(SlotTable table)
    {
        var tags = new List<(string, SlotTagKind?)>();
        for (var i = 0; i < Tokens.Length; i++)
            if (table.TryRead(Tokens, i, out var source, out _, out var end))
            {
                tags.Add((Tokens[i..(end + 1)], SlotTag.Read(source.Text)?.Kind));
                i = end;
            }

        Tags = tags;
    }
}

/// <summary>Makes a tag's token a node of its own, so that it can be told where it stands.</summary>
internal sealed class TagInlineParser : InlineParser
{
    public TagInlineParser() => OpeningCharacters = [SlotTable.OpenTag];

    public override bool Match(InlineProcessor processor, ref StringSlice slice)
    {
        var length = slice.AsSpan().IndexOf(SlotTable.Close) + 1;
        if (length == 0)
            return false;

        var start = processor.GetSourcePosition(slice.Start, out var line, out var column);
        processor.Inline = new TagInline(slice.AsSpan()[..length].ToString()) { Span = new SourceSpan(start, start + length - 1), Line = line, Column = column };
        slice.Start += length;
        return true;
    }
}

/// <summary>Takes lines that hold nothing but tags, wherever a block may begin; they end a paragraph.</summary>
internal sealed class TagBlockParser : BlockParser
{
    public TagBlockParser() => OpeningCharacters = [SlotTable.OpenTag];

    public override BlockState TryOpen(BlockProcessor processor)
    {
        var line = processor.Line.AsSpan().TrimEnd();
        if (processor.IsCodeIndent || !IsTagsOnly(line))
            return BlockState.None;

        processor.NewBlocks.Push(new TagBlock(this, line.ToString())
        {
            Line = processor.LineIndex,
            Column = processor.Column,
            Span = new SourceSpan(processor.Start, processor.Line.End),
            ProcessInlines = false,
        });
        return BlockState.BreakDiscard;
    }

    private static bool IsTagsOnly(ReadOnlySpan<char> line)
    {
        while (line.Length > 0)
        {
            if (line[0] != SlotTable.OpenTag)
                return false;
            line = line[(line.IndexOf(SlotTable.Close) + 1)..].TrimStart();
        }

        return true;
    }
}

internal sealed class TagInlineHtml : HtmlObjectRenderer<TagInline>
{
    protected override void Write(HtmlRenderer renderer, TagInline obj) => renderer.Write(obj.Token);
}

internal sealed class TagBlockHtml : HtmlObjectRenderer<TagBlock>
{
    protected override void Write(HtmlRenderer renderer, TagBlock obj) => renderer.EnsureLine().Write(obj.Tokens).EnsureLine();
}
