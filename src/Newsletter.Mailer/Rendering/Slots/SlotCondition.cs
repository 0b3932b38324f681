using System.Globalization;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>How two values are compared. The numbers are stored: add, never renumber.</summary>
internal enum SlotComparison : byte
{
    Equal = 0,
    NotEqual = 1,
    Contains = 2,
    Less = 3,
    LessOrEqual = 4,
    Greater = 5,
    GreaterOrEqual = 6,
}

/// <summary>
/// What stands between <c>{% if</c> and <c>%}</c>: true of a reader or not. Values are texts, compared letter by letter; the four that put
/// values in an order read them as numbers, and what is no number is neither less nor greater than anything.
/// </summary>
internal abstract record SlotCondition
{
    private SlotCondition()
    {
    }

    /// <summary>The reader has a value of that name; blank counts as none.</summary>
    public sealed record Has(string Name) : SlotCondition;

    /// <summary>The reader's value, blank where there is none, against what the author wrote.</summary>
    public sealed record Compare(string Name, SlotComparison How, string With) : SlotCondition;

    public sealed record Not(SlotCondition Of) : SlotCondition;

    public sealed record Both(SlotCondition Left, SlotCondition Right) : SlotCondition;

    public sealed record Either(SlotCondition Left, SlotCondition Right) : SlotCondition;

    /// <summary>Known before there is a reader.</summary>
    public sealed record Constant(bool Value) : SlotCondition;

    /// <summary>The names it asks for.</summary>
    public IEnumerable<string> Names => this switch
    {
        Has has => [has.Name],
        Compare compare => [compare.Name],
        Not not => not.Of.Names,
        Both both => both.Left.Names.Concat(both.Right.Names),
        Either either => either.Left.Names.Concat(either.Right.Names),
        _ => [],
    };

    public bool IsTrueOf(Recipient reader) => IsTrue(name => SlotName.ValueFor(reader, name));

    /// <summary>What is left to ask once some names have a value that is the same for everyone.</summary>
    /// <param name="known">The value of such a name; null where it differs from reader to reader.</param>
    public SlotCondition Settle(Func<string, string?> known)
    {
        switch (this)
        {
            case Has or Compare:
                return known(Names.First()) is { } value ? new Constant(IsTrue(_ => value)) : this;
            case Not(var of):
                return of.Settle(known) is var inner && inner is Constant(var denied) ? new Constant(!denied) : new Not(inner);
            case Both(var left, var right):
                return Joined(left.Settle(known), right.Settle(known), decides: false);
            case Either(var left, var right):
                return Joined(left.Settle(known), right.Settle(known), decides: true);
            default:
                return this;
        }
    }

    private static SlotCondition Joined(SlotCondition left, SlotCondition right, bool decides) => (left, right) switch
    {
        (Constant(var value), _) => value == decides ? left : right,
        (_, Constant(var value)) => value == decides ? right : left,
        _ => decides ? new Either(left, right) : new Both(left, right),
    };

    private bool IsTrue(Func<string, string?> valueOf) => this switch
    {
        Has has => !string.IsNullOrWhiteSpace(valueOf(has.Name)),
        Compare compare => IsTrue(compare.How, valueOf(compare.Name) ?? "", compare.With),
        Not not => !not.Of.IsTrue(valueOf),
        Both both => both.Left.IsTrue(valueOf) && both.Right.IsTrue(valueOf),
        Either either => either.Left.IsTrue(valueOf) || either.Right.IsTrue(valueOf),
        Constant constant => constant.Value,
        _ => false,
    };

    private static bool IsTrue(SlotComparison how, string value, string with) => how switch
    {
        SlotComparison.Equal => value == with,
        SlotComparison.NotEqual => value != with,
        SlotComparison.Contains => value.Contains(with, StringComparison.Ordinal),
        _ => Number(value) is { } left && Number(with) is { } right && how switch
        {
            SlotComparison.Less => left < right,
            SlotComparison.LessOrEqual => left <= right,
            SlotComparison.Greater => left > right,
            _ => left >= right,
        },
    };

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
