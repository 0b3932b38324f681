using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Which connections or messages a rule is about, as it is written in a script: numbers from 1, parted by commas.
/// <c>3</c> is one, <c>3-5</c> a range, <c>3-</c> all from there, <c>*/8</c> every eighth.
/// </summary>
public sealed record NumberSet
{
    private const int Largest = int.MaxValue;

    private readonly Item[] items;

    private NumberSet(string text, Item[] items) => (Text, this.items) = (text, items);

    /// <summary>What a person may write for one.</summary>
    public const string Form = "numbers such as 3, 3-5, 3- or */8, parted by commas";

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The set; null where the text is none.</summary>
    public static NumberSet? Parse(string text)
    {
        var parts = text.Split(',');
        var parsed = new Item[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (ParseItem(parts[i]) is not { } item)
                return null;
            parsed[i] = item;
        }

        return new NumberSet(text, parsed);
    }

    /// <summary>Whether the number is one of them.</summary>
    public bool Contains(int number) => items.Any(item => number >= item.From && number <= item.To && number % item.Step == 0);

    /// <summary>Two are equal when they are written alike.</summary>
    public bool Equals(NumberSet? other) => other?.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static Item? ParseItem(string text)
    {
        if (text.StartsWith("*/", StringComparison.Ordinal))
            return ParseNumber(text.AsSpan(2)) is { } step ? new Item(1, Largest, step) : null;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
            return ParseNumber(text) is { } only ? new Item(only, only, 1) : null;
        if (ParseNumber(text.AsSpan(0, dash)) is not { } from)
            return null;
        if (dash == text.Length - 1)
            return new Item(from, Largest, 1);
        return ParseNumber(text.AsSpan(dash + 1)) is { } to && to >= from ? new Item(from, to, 1) : null;
    }

    private static int? ParseNumber(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private readonly record struct Item(int From, int To, int Step);
}
