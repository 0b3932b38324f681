using System.Text;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>A piece of a text: the same for everyone, or one reader's value.</summary>
internal abstract record SlotPart
{
    private SlotPart()
    {
    }

    /// <summary>Text that is the same for every reader.</summary>
    public sealed record Literal(string Text) : SlotPart;

    /// <summary>A place for a reader's value.</summary>
    /// <param name="Name">One of <see cref="SlotName"/>.</param>
    /// <param name="Default">What stands there for a reader without a value.</param>
    /// <param name="Escape">How the value is made harmless for its place.</param>
    public sealed record Slot(string Name, string? Default, SlotEscape Escape) : SlotPart
    {
        /// <summary>The reader's value or the default, escaped. Blank counts as none.</summary>
        public string ValueFor(Recipient reader)
        {
            var value = SlotName.ValueFor(reader, Name);
            return SlotEscaping.Apply(Escape, string.IsNullOrWhiteSpace(value) ? Default ?? "" : value);
        }
    }

    /// <summary>One text for readers of whom a condition is true, another for the rest.</summary>
    public sealed record Choice(SlotCondition If, IReadOnlyList<SlotPart> Then, IReadOnlyList<SlotPart> Else) : SlotPart
    {
        public IReadOnlyList<SlotPart> For(Recipient reader) => If.IsTrueOf(reader) ? Then : Else;
    }

    /// <summary>The names that a reader's text depends on, those of conditions included.</summary>
    public IEnumerable<string> Names => this switch
    {
        Slot slot => [slot.Name],
        Choice choice => choice.If.Names.Concat(choice.Then.Concat(choice.Else).SelectMany(part => part.Names)),
        _ => [],
    };
}

/// <summary>A text with slots, read and checked.</summary>
internal sealed class SlotTemplate(IReadOnlyList<SlotPart> parts)
{
    public IReadOnlyList<SlotPart> Parts { get; } = parts;

    /// <summary>Whether every reader gets the same text.</summary>
    public bool IsConstant => Parts.All(part => part is SlotPart.Literal);

    public string Fill(Recipient reader)
    {
        var text = new StringBuilder();
        Fill(Parts, reader, text);
        return text.ToString();
    }

    /// <summary>The text with every slot at its default, and the longer way of each choice: the most that a reader may get but for their own values.</summary>
    public string FillDefaults() => Defaults(Parts);

    private static string Defaults(IEnumerable<SlotPart> parts) => string.Concat(parts.Select(part => part switch
    {
        SlotPart.Literal literal => literal.Text,
        SlotPart.Slot slot => slot.Default ?? "",
        SlotPart.Choice choice => Longer(Defaults(choice.Then), Defaults(choice.Else)),
        _ => "",
    }));

    private static string Longer(string a, string b) => a.Length >= b.Length ? a : b;

    private static void Fill(IReadOnlyList<SlotPart> parts, Recipient reader, StringBuilder text)
    {
        foreach (var part in parts)
            if (part is SlotPart.Choice choice)
                Fill(choice.For(reader), reader, text);
            else
                text.Append(part is SlotPart.Slot slot ? slot.ValueFor(reader) : ((SlotPart.Literal)part).Text);
    }

    /// <summary>The same text where one name has the same value for every reader.</summary>
    public SlotTemplate With(string name, string value) => new(Merged(Parts, name, value));

    private static List<SlotPart> Merged(IReadOnlyList<SlotPart> parts, string name, string value)
    {
        var merged = new List<SlotPart>();
        foreach (var part in parts)
        {
            var next = part switch
            {
                SlotPart.Slot slot when slot.Name == name => new SlotPart.Literal(SlotEscaping.Apply(slot.Escape, value)),
                SlotPart.Choice choice => choice with { Then = Merged(choice.Then, name, value), Else = Merged(choice.Else, name, value) },
                _ => part,
            };
            if (next is SlotPart.Literal(var text) && merged is [.., SlotPart.Literal(var before)])
                merged[^1] = new SlotPart.Literal(before + text);
            else
                merged.Add(next);
        }

        return merged;
    }

    /// <summary>A text for everyone.</summary>
    public static SlotTemplate Constant(string text) => new([new SlotPart.Literal(text)]);

    /// <summary>The same text with something before it.</summary>
    public SlotTemplate Prefixed(string prefix) => new([new SlotPart.Literal(prefix), .. Parts]);
}
