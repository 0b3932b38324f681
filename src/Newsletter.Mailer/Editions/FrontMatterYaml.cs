using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Newsletter.Mailer.Editions;

/// <summary>One <c>key: value</c> line as written; the value is null where nothing or <c>null</c> stands there.</summary>
internal sealed record FrontMatterEntry(string Key, SourcePosition At, string? Value, SourcePosition ValueAt);

/// <summary>
/// Reads front matter event by event, so that every entry knows its line and nothing is ever built from it:
/// anchors, aliases, tags and nesting (the makings of YAML bombs) are refused as they come.
/// </summary>
internal sealed class FrontMatterYaml(List<FrontMatterError> errors)
{
    // The YAML begins on the line below the opening fence.
    private const int FirstLine = 2;

    private readonly List<FrontMatterEntry> entries = [];

    public IReadOnlyList<FrontMatterEntry> Read(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<DocumentStart>(out _))
            {
                ReadDocument(parser);
            }
        }
        catch (YamlException broken)
        {
            RefuseAll(broken.Start, Plain(broken.Message));
        }
        // What the scanner throws beside its own exception: for a bracket that is never closed, and an escape that is no character.
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            RefuseAll(parser.Current?.End ?? new Mark(0, 1, 1), "a bracket or an escape is not closed as it should be");
        }

        return entries;
    }

    private void RefuseAll(Mark from, string why)
    {
        var at = Position(from);
        errors.Add(new FrontMatterError(
            at.Line, at.Column, null,
            $"The front matter is not YAML that can be read here ({why}). Write \"key: value\" lines, and put values with a colon in quotes: single ones where the value has double ones in it, such as 'Hello {{{{ subscriber.first_name | default: \"friend\" }}}}'."));
    }

    private void ReadDocument(Parser parser)
    {
        parser.Consume<DocumentStart>();
        if (!parser.TryConsume<MappingStart>(out var mapping))
        {
            if (parser.Current is Scalar { Value: "" })
            {
                return;
            }

            Refuse(parser.Current!, null, "The front matter must be \"key: value\" lines");
            return;
        }

        if (!RefuseSpecials(mapping, null))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            ReadEntry(parser, seen);
        }
    }

    private void ReadEntry(Parser parser, HashSet<string> seen)
    {
        if (!parser.TryConsume<Scalar>(out var key))
        {
            Refuse(parser.Current!, null, "A key must be one word, such as \"subject\"");
            parser.SkipThisAndNestedEvents();
            parser.SkipThisAndNestedEvents();
            return;
        }

        var name = key.Value;
        if (!parser.TryConsume<Scalar>(out var value))
        {
            var what = parser.Current is AnchorAlias ? "an alias" : parser.Current is SequenceStart ? "a list" : "nested keys";
            Refuse(parser.Current!, name, $"\"{name}\" must be one value, not {what}; write the value itself after the colon");
            parser.SkipThisAndNestedEvents();
            return;
        }

        if (!RefuseSpecials(key, name) || !RefuseSpecials(value, name))
        {
            return;
        }

        if (!seen.Add(name))
        {
            Refuse(key, name, $"\"{name}\" is written twice; keep one of the two lines");
            return;
        }

        entries.Add(new FrontMatterEntry(name, Position(key.Start), IsNull(value) ? null : value.Value, ValuePosition(value)));
    }

    private bool RefuseSpecials(NodeEvent node, string? key)
    {
        if (node.Anchor.IsEmpty && (node.Tag.IsEmpty || node.Tag.IsNonSpecific && node is not Scalar { IsQuotedImplicit: false, IsPlainImplicit: false }))
        {
            return true;
        }

        Refuse(node, key, "Anchors (&) and tags (!) are not allowed in front matter; put a text that begins with & or ! in quotes");
        return false;
    }

    private void Refuse(ParsingEvent at, string? key, string message)
    {
        var position = Position(at.Start);
        errors.Add(new FrontMatterError(position.Line, position.Column, key, message + "."));
    }

    private static bool IsNull(Scalar value) =>
        value.Style == ScalarStyle.Plain && value.Value is "" or "~" or "null" or "Null" or "NULL";

    private static SourcePosition ValuePosition(Scalar value)
    {
        var at = Position(value.Start);
        return value.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted ? at with { Column = at.Column + 1 } : at;
    }

    private static SourcePosition Position(Mark mark) =>
        new((int)mark.Line + FirstLine - 1, (int)mark.Column);

    // YamlDotNet puts its own positions, counted from the fence, in front of some messages.
    private static string Plain(string message)
    {
        var text = message.StartsWith('(') && message.IndexOf("): ", StringComparison.Ordinal) is var end and > 0 ? message[(end + 3)..] : message;
        return text.TrimEnd('.');
    }
}
