using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Syntax;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>
/// Reads <c>:::name argument</c> … <c>:::</c>. Containers nest without longer fences: a closing fence ends the innermost container opened
/// with as many colons, or with fewer.
/// </summary>
internal sealed class ContainerParser : BlockParser
{
    private const int ShortestFence = 3;
    private const int MostNested = 16;

    public ContainerParser() => OpeningCharacters = [':'];

    public override BlockState TryOpen(BlockProcessor processor)
    {
        if (processor.IsCodeIndent)
            return BlockState.None;

        var line = processor.Line;
        var colons = SkipColons(ref line);
        if (colons < ShortestFence)
            return BlockState.None;

        line.Trim();
        if (line.IsEmpty)
            return Stray(processor);
        if (!char.IsAsciiLetter(line.CurrentChar))
            return BlockState.None;

        RefuseDepth(processor);
        var container = Open(processor, line, colons);
        processor.NewBlocks.Push(container);
        if (ContainerNames.MayStandAlone(container.Kind) && !HasContent(processor.Line, container.Kind))
        {
            container.IsClosed = true;
            return BlockState.BreakDiscard;
        }

        return BlockState.ContinueDiscard;
    }

    public override BlockState TryContinue(BlockProcessor processor, Block block)
    {
        if (block is not EditionContainer container)
            return BlockState.None;
        if (IsClosedHere(processor, container))
        {
            container.IsClosed = true;
            container.ContentEnd = processor.Line.Start;
            container.UpdateSpanEnd(processor.Line.End);
            return BlockState.BreakDiscard;
        }

        // What is inside reads its own indentation.
        processor.GoToColumn(processor.ColumnBeforeIndent);
        return BlockState.Continue;
    }

    public override bool Close(BlockProcessor processor, Block block)
    {
        if (block is EditionContainer { IsClosed: false } container)
        {
            container.ContentEnd = Math.Max(container.ContentStart, processor.Line.Start);
            container.UpdateSpanEnd(container.ContentEnd - 1);
        }

        return true;
    }

    private EditionContainer Open(BlockProcessor processor, StringSlice rest, int colons)
    {
        var name = rest;
        while (!name.CurrentChar.IsWhiteSpaceOrZero())
            name.NextChar();
        var argument = new StringSlice(rest.Text, name.Start, rest.End);
        var word = rest.Text[rest.Start..name.Start];
        argument.TrimStart();
        return new EditionContainer(this)
        {
            Kind = ContainerNames.KindOf(word),
            Name = word,
            Argument = argument.ToString().TrimEnd(),
            ArgumentAt = argument.IsEmpty ? name.Start : argument.Start,
            FenceLength = colons,
            ContentStart = Math.Min(processor.Line.End + 2, rest.Text.Length),
            ContentEnd = processor.Line.End + 1,
            Line = processor.LineIndex,
            Column = processor.Column,
            Span = new SourceSpan(processor.Start, processor.Line.End),
        };
    }

    // At each closing fence every open one is looked at: thousands would take minutes.
    private static void RefuseDepth(BlockProcessor processor)
    {
        var open = 0;
        for (Block? block = processor.CurrentContainer; block is not null; block = block.Parent)
            if (block is EditionContainer && ++open >= MostNested)
                throw new ArgumentException("Containers are nested beyond the depth that is read.", nameof(processor));
    }

    private BlockState Stray(BlockProcessor processor)
    {
        processor.NewBlocks.Push(new StrayFence(this)
        {
            Fence = processor.Line,
            Line = processor.LineIndex,
            Column = processor.Column,
            Span = new SourceSpan(processor.Start, processor.Line.End),
            ProcessInlines = false,
        });
        return BlockState.BreakDiscard;
    }

    private static bool IsClosedHere(BlockProcessor processor, EditionContainer container)
    {
        var line = processor.Line;
        var colons = SkipColons(ref line);
        line.TrimStart();
        if (colons < ShortestFence || processor.IsCodeIndent || !line.IsEmpty)
            return false;

        var inside = OpenInside(processor, container);
        return inside is not [FencedCodeBlock, ..] && Closing([.. inside.OfType<EditionContainer>(), container], colons) == container;
    }

    private static int SkipColons(ref StringSlice line)
    {
        var count = 0;
        for (; line.CurrentChar == ':'; count++)
            line.NextChar();
        return count;
    }

    private static EditionContainer? Closing(List<EditionContainer> open, int colons) =>
        open.Find(container => container.FenceLength == colons) ?? open.Find(container => container.FenceLength < colons);

    // Innermost first.
    private static List<Block> OpenInside(BlockProcessor processor, EditionContainer container)
    {
        var inside = new List<Block>();
        for (var block = processor.CurrentBlock; block is not null && block != container; block = block.Parent)
            inside.Add(block);
        return inside;
    }

    // One that may stand alone has content where the lines right below it, without a blank one between, end in a closing fence.
    private static bool HasContent(StringSlice line, ContainerKind kind)
    {
        var text = line.Text;
        for (var start = line.End + 2; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is var newline and >= 0 ? newline : text.Length;
            var next = text.AsSpan(start, end - start).Trim(" \t\r>");
            if (next.StartsWith(":::"))
                return next.Trim(':').IsEmpty;
            if (next.IsEmpty || kind is ContainerKind.Divider)
                return false;
            start = end + 1;
        }

        return false;
    }
}
