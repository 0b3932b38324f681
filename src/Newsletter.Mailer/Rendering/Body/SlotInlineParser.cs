using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>A slot or tag found while looking for code: what is in its quotes opens none.</summary>
internal sealed class SlotInline : LeafInline;

/// <summary>Takes <c>{{…}}</c> and <c>{% … %}</c> whole, so that a backtick or an asterisk inside is no Markdown.</summary>
internal sealed class SlotInlineParser : InlineParser
{
    public SlotInlineParser() => OpeningCharacters = ['{'];

    public override bool Match(InlineProcessor processor, ref StringSlice slice)
    {
        var length = slice.PeekChar() switch
        {
            '{' => SlotSyntax.LengthOfSlot(slice.AsSpan()),
            '%' => SlotSyntax.LengthOfTag(slice.AsSpan()),
            _ => -1,
        };
        if (length < 0)
            return false;

        var start = processor.GetSourcePosition(slice.Start, out var line, out var column);
        processor.Inline = new SlotInline { Span = new SourceSpan(start, start + length - 1), Line = line, Column = column };
        slice.Start += length;
        return true;
    }
}
