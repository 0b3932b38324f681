using System.Globalization;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>Reads a condition from Scriban's tree. What isn't named here is refused, so no function of Scriban's is ever run.</summary>
internal static class ConditionReader
{
    /// <summary>The condition; null where something stands there that isn't allowed, with its offset in the template.</summary>
    public static SlotCondition? Read(ScriptExpression? expression, out int refusedAt)
    {
        refusedAt = expression?.Span.Start.Offset ?? 0;
        switch (expression)
        {
            case ScriptNestedExpression nested:
                return Read(nested.Expression, out refusedAt);
            // Scriban's reading of "unless".
            case ScriptUnaryExpression { Operator: ScriptUnaryOperator.Not } not:
                return Read(not.Right, out refusedAt) is { } of ? new SlotCondition.Not(of) : null;
            case ScriptBinaryExpression { Operator: ScriptBinaryOperator.And or ScriptBinaryOperator.Or } both:
                return ReadBoth(both, out refusedAt);
            case ScriptBinaryExpression { Left: { } left } compared when Comparison(compared.Operator) is { } how:
                return ReadCompared(left, how, compared.Right, ref refusedAt);
            default:
                return SlotExpression.NameOf(expression) is { } name ? new SlotCondition.Has(name) : null;
        }
    }

    private static SlotCondition? ReadBoth(ScriptBinaryExpression both, out int refusedAt)
    {
        if (Read(both.Left, out refusedAt) is not { } left || Read(both.Right, out refusedAt) is not { } right)
            return null;
        return both.Operator == ScriptBinaryOperator.And ? new SlotCondition.Both(left, right) : new SlotCondition.Either(left, right);
    }

    private static SlotCondition? ReadCompared(ScriptExpression left, SlotComparison how, ScriptExpression? right, ref int refusedAt)
    {
        if (SlotExpression.NameOf(left) is not { } name)
            return null;

        refusedAt = right?.Span.Start.Offset ?? refusedAt;
        return right switch
        {
            // Liquid's names for no value at all.
            ScriptVariableGlobal { Name: "blank" or "empty" or "nil" } when how is SlotComparison.Equal => new SlotCondition.Not(new SlotCondition.Has(name)),
            ScriptVariableGlobal { Name: "blank" or "empty" or "nil" } when how is SlotComparison.NotEqual => new SlotCondition.Has(name),
            ScriptLiteral { Value: string text } => new SlotCondition.Compare(name, how, text),
            ScriptLiteral { Value: bool value } => new SlotCondition.Compare(name, how, value ? "true" : "false"),
            ScriptLiteral { Value: IFormattable number } => new SlotCondition.Compare(name, how, number.ToString(null, CultureInfo.InvariantCulture)),
            _ => null,
        };
    }

    private static SlotComparison? Comparison(ScriptBinaryOperator of) => of switch
    {
        ScriptBinaryOperator.CompareEqual => SlotComparison.Equal,
        ScriptBinaryOperator.CompareNotEqual => SlotComparison.NotEqual,
        ScriptBinaryOperator.LiquidContains => SlotComparison.Contains,
        ScriptBinaryOperator.CompareLess => SlotComparison.Less,
        ScriptBinaryOperator.CompareLessOrEqual => SlotComparison.LessOrEqual,
        ScriptBinaryOperator.CompareGreater => SlotComparison.Greater,
        ScriptBinaryOperator.CompareGreaterOrEqual => SlotComparison.GreaterOrEqual,
        _ => null,
    };
}
