namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Makes a tree of a filter's tokens, by recursive descent. What a condition may look like is in <see cref="ConditionParser"/>.</summary>
internal sealed class FilterParser
{
    private const int MaxDepth = 40;
    private const int MaxConditions = 500;

    private readonly FilterCursor tokens;
    private readonly ConditionParser conditions;
    private int depth;
    private int count;

    private FilterParser(string text)
    {
        tokens = new FilterCursor(FilterLexer.Read(text));
        conditions = new ConditionParser(tokens);
    }

    /// <exception cref="FilterException">It is no filter.</exception>
    public static FilterNode Parse(string text)
    {
        var parser = new FilterParser(text);
        var root = parser.ReadOr();
        var next = parser.tokens.Peek;
        if (next.Kind == FilterTokenKind.End) return root;
        throw next.Error(next.IsSign(")")
            ? "This parenthesis closes none that was opened: take it out."
            : $"Here the filter should end, or go on with and or or; there is {next.Shown}.");
    }

    private FilterNode ReadOr()
    {
        var parts = new List<FilterNode> { ReadAnd() };
        while (tokens.TakeWord("or")) parts.Add(ReadAnd());
        return parts.Count == 1 ? parts[0] : new FilterNode.Or(parts);
    }

    private FilterNode ReadAnd()
    {
        var parts = new List<FilterNode> { ReadNot() };
        while (tokens.TakeWord("and")) parts.Add(ReadNot());
        return parts.Count == 1 ? parts[0] : new FilterNode.And(parts);
    }

    private FilterNode ReadNot()
    {
        var token = tokens.Peek;
        if (++depth > MaxDepth) throw token.Error($"The filter is nested more than {MaxDepth} deep: write it flatter.");
        try
        {
            if (tokens.TakeWord("not")) return new FilterNode.Not(ReadNot());
            if (tokens.TakeSign("(")) return ReadParenthesis(token);
            if (++count > MaxConditions) throw token.Error($"The filter has more than {MaxConditions} conditions: use \"in (…)\" for many values of one field.");
            return conditions.Read();
        }
        finally
        {
            depth--;
        }
    }

    private FilterNode ReadParenthesis(FilterToken opening)
    {
        var inner = ReadOr();
        if (tokens.TakeSign(")")) return inner;
        throw tokens.Peek.Kind == FilterTokenKind.End
            ? opening.Error("This parenthesis is never closed: put a ) where it ends.")
            : tokens.Peek.Error($"Here a ) should close the parenthesis, or the condition go on with and or or; there is {tokens.Peek.Shown}.");
    }
}

/// <summary>Where the parser is.</summary>
internal sealed class FilterCursor(List<FilterToken> tokens)
{
    private int at;

    public FilterToken Peek => tokens[at];

    /// <summary>The token here, and steps past it; the end stays.</summary>
    public FilterToken Take() => Peek.Kind == FilterTokenKind.End ? Peek : tokens[at++];

    public bool TakeWord(string word) => TakeIf(Peek.IsWord(word));

    public bool TakeSign(string sign) => TakeIf(Peek.IsSign(sign));

    private bool TakeIf(bool fits)
    {
        if (fits) at++;
        return fits;
    }
}
