using System.Text;
using Newsletter.Mailer.Editions;
using Scriban;
using Scriban.Parsing;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>
/// Reads slots with Scriban's Liquid parser and walks its tree: what isn't named as allowed is refused, so no function of Scriban's is ever run.
/// </summary>
internal sealed class SlotReader(SlotScope scope, SlotTable table, bool foreign, List<RenderProblem> problems)
{
    private const string Example = "{{ subscriber.first_name | default: \"friend\" }}";

    /// <summary>How Scriban reads for us: its own functions stay unknown.</summary>
    public static readonly ParserOptions Options = new() { ExpressionDepthLimit = 20, LiquidFunctionsToScriban = false };

    // Each {% elsif %} stands within the one before it.
    private static readonly ParserOptions OfWholeTexts = Options with { ExpressionDepthLimit = 20 + (SlotTag.MostNested * SlotTag.MostWays) };

    private readonly HashSet<SlotSource> _texts = new(ReferenceEqualityComparer.Instance);

    /// <summary>Checks every slot on its own, so that each error has its own line and column.</summary>
    public void CheckAll()
    {
        foreach (var slot in table.Slots)
            if (Check(slot) is { } problem)
                Refuse(slot, problem);
    }

    /// <summary>
    /// Notes what is wrong with a slot. In another tool's file it is a warning, and the braces stay text.
    /// </summary>
    public void Refuse(SlotSource slot, (int Offset, string Message) problem)
    {
        if (foreign)
            _texts.Add(slot);
        problems.Add(new RenderProblem(
            foreign ? RenderSeverity.Warning : RenderSeverity.Error,
            slot.At.Line, slot.At.Column + problem.Offset,
            foreign ? $"Left as text: {problem.Message}" : problem.Message));
    }

    /// <summary>Whether a slot is one that may begin a URL.</summary>
    public static bool IsUrl(SlotSource slot) => Parse(slot.Text, out _) is { } expression && SlotName.IsUrl(expression.Name);

    /// <summary>Whether a slot is the address of a page of one reader's.</summary>
    public static bool IsReaderUrl(SlotSource slot) => Parse(slot.Text, out _) is { } expression && SlotName.IsUrl(expression.Name) && SlotName.OfReader.Contains(expression.Name);

    /// <summary>Reads a text with tokens as one Liquid template.</summary>
    public SlotTemplate Read(string text)
    {
        var (liquid, escapes) = ToLiquid(text);
        var body = Template.ParseLiquid(liquid, null, OfWholeTexts).Page?.Body
            ?? throw new InvalidOperationException("A template whose every slot was read did not parse as a whole.");
        return new SlotTemplate(Parts(body.Statements, escapes));
    }

    private List<SlotPart> Parts(IEnumerable<ScriptStatement> statements, Dictionary<int, SlotEscape> escapes)
    {
        var parts = new List<SlotPart>();
        foreach (var statement in statements)
            AddPart(statement, escapes, parts);
        return Merge(parts);
    }

    private (int Offset, string Message)? Check(SlotSource slot)
    {
        if (slot.IsTag)
            return TagReader.Problem(slot, scope);
        var expression = Parse(slot.Text, out var refused);
        if (expression is null)
            return refused;
        if (!scope.IsKnown(expression.Name))
            return (NameAt(slot), $"Unknown name \"{expression.Name}\" in {slot.Text}. {scope.Suggest(expression.Name)}");
        if (SlotName.IsAttribute(expression.Name) && expression.Default is null)
            return (NameAt(slot), $"{slot.Text} needs a default for readers without that attribute: {{{{ {expression.Name} | default: \"…\" }}}}.");
        if (SlotName.MayBeEmpty(expression.Name) && expression.Default is null)
            problems.Add(new RenderProblem(
                RenderSeverity.Warning, slot.At.Line, slot.At.Column,
                $"{slot.Text} leaves a gap for readers who gave none. Add a default: {{{{ {expression.Name} | default: \"…\" }}}}."));
        return null;
    }

    private static int NameAt(SlotSource slot) => slot.Text.AsSpan().IndexOfAnyExcept("{- ");

    private static SlotExpression? Parse(string text, out (int Offset, string Message) refused)
    {
        var template = Template.ParseLiquid(text, null, Options);
        if (template.HasErrors || template.Page?.Body is not { } body)
        {
            var message = template.Messages.Count > 0 ? template.Messages[0] : null;
            refused = (Math.Clamp(message?.Span.Start.Offset ?? 0, 0, text.Length - 1), $"{text} can't be read. {Allowed}");
            return null;
        }

        var statements = body.Statements.Where(statement => statement is not ScriptEscapeStatement).ToList();
        var at = 0;
        var expression = statements is [ScriptExpressionStatement only] ? SlotExpression.Read(only.Expression, out at) : null;
        refused = (at, $"{text} is more than is allowed. {Allowed}");
        return expression;
    }

    private static string Allowed =>
        $"Allowed is a known name, perhaps with a default, such as {Example}. Braces that are meant as text belong in code, or behind a backslash: \\{{{{.";

    private (string Liquid, Dictionary<int, SlotEscape> Escapes) ToLiquid(string text)
    {
        var liquid = new StringBuilder(text.Length);
        var escapes = new Dictionary<int, SlotEscape>();
        for (var i = 0; i < text.Length; i++)
        {
            if (table.TryRead(text, i, out var slot, out var escape, out var end))
            {
                i = end;
                if (_texts.Contains(slot))
                    liquid.Append(SlotEscaping.Apply(escape, slot.Text).Replace('{', SlotTable.Brace));
                else
                    AddSlot(slot, escape);
            }
            else if (text[i] != SlotTable.Filler)
                liquid.Append(text[i] == '{' ? SlotTable.Brace : text[i]);
        }

        return (liquid.ToString(), escapes);

        void AddSlot(SlotSource slot, SlotEscape escape)
        {
            escapes[liquid.Length] = escape;
            liquid.Append(slot.Text);
        }
    }

    private void AddPart(ScriptStatement statement, Dictionary<int, SlotEscape> escapes, List<SlotPart> parts)
    {
        switch (statement)
        {
            case ScriptEscapeStatement or ScriptEndStatement:
                break;
            case ScriptRawStatement raw:
                parts.Add(new SlotPart.Literal(raw.Text.ToString().Replace(SlotTable.Brace, '{')));
                break;
            case ScriptExpressionStatement { Expression: { } written }:
                var expression = SlotExpression.Read(written, out _)!;
                var escape = EscapeBefore(written.Span.Start.Offset, escapes);
                parts.Add(scope.TryGetConstant(expression.Name, out var constant)
                    ? new SlotPart.Literal(SlotEscaping.Apply(escape, constant.Length == 0 ? expression.Default ?? "" : constant))
                    : new SlotPart.Slot(expression.Name, expression.Default, escape));
                break;
            case ScriptIfStatement choice:
                AddChoice(choice, escapes, parts);
                break;
            default:
                throw new InvalidOperationException($"A statement that no check let through: {statement.GetType().Name}.");
        }
    }

    // What is the same for everyone is decided now.
    private void AddChoice(ScriptIfStatement choice, Dictionary<int, SlotEscape> escapes, List<SlotPart> parts)
    {
        var condition = ConditionReader.Read(choice.Condition, out _)!.Settle(name => scope.TryGetConstant(name, out var value) ? value : null);
        var (then, otherwise) = (Parts(choice.Then?.Statements ?? [], escapes), Otherwise(choice.Else, escapes));
        if (condition is SlotCondition.Constant(var known))
            parts.AddRange(known ? then : otherwise);
        else
            parts.Add(new SlotPart.Choice(condition, then, otherwise));
    }

    private List<SlotPart> Otherwise(ScriptConditionStatement? statement, Dictionary<int, SlotEscape> escapes) => statement switch
    {
        ScriptIfStatement next => Parts([next], escapes),
        ScriptElseStatement { Body: { } last } => Parts(last.Statements, escapes),
        _ => [],
    };

    // The braces open a little before the expression: past them, a minus and blanks.
    private static SlotEscape EscapeBefore(int offset, Dictionary<int, SlotEscape> escapes)
    {
        while (!escapes.ContainsKey(offset))
            offset--;
        return escapes[offset];
    }

    private static List<SlotPart> Merge(List<SlotPart> parts)
    {
        var merged = new List<SlotPart>();
        foreach (var part in parts)
        {
            if (part is SlotPart.Literal { Text.Length: 0 })
                continue;
            if (part is SlotPart.Literal next && merged.Count > 0 && merged[^1] is SlotPart.Literal last)
                merged[^1] = new SlotPart.Literal(last.Text + next.Text);
            else
                merged.Add(part);
        }

        return merged;
    }
}
