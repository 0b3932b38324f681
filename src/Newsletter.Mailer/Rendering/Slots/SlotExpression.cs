using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>What stands between the braces, as far as it is allowed today: a name, and perhaps <c>| default: "literal"</c>.</summary>
/// <param name="Name">Dotted.</param>
/// <param name="Default">Null where none was written.</param>
internal sealed record SlotExpression(string Name, string? Default)
{
    /// <summary>Reads Scriban's tree; null where something stands there that isn't allowed, with its offset in the template.</summary>
    public static SlotExpression? Read(ScriptExpression? expression, out int refusedAt)
    {
        refusedAt = expression?.Span.Start.Offset ?? 0;
        if (expression is not ScriptPipeCall pipe)
            return NameOf(expression) is { } alone ? new SlotExpression(alone, null) : null;

        if (NameOf(pipe.From) is not { } name)
        {
            refusedAt = pipe.From?.Span.Start.Offset ?? refusedAt;
            return null;
        }

        refusedAt = pipe.To?.Span.Start.Offset ?? refusedAt;
        return pipe.To is ScriptFunctionCall { Target: ScriptVariableGlobal { Name: "default" } } call
            && call.Arguments is [ScriptLiteral { Value: string text }]
                ? new SlotExpression(name, text)
                : null;
    }

    /// <summary><c>subscriber.first_name</c>, or <c>subscriber.attributes["shoe size"]</c> where the name is no identifier; null where it is no name.</summary>
    public static string? NameOf(ScriptExpression? expression) => expression switch
    {
        ScriptVariableGlobal variable => variable.Name,
        ScriptMemberExpression { Target: { } target, Member: { } member } =>
            NameOf(target) is { } owner ? $"{owner}.{member.Name}" : null,
        ScriptIndexerExpression { Target: { } target, Index: ScriptLiteral { Value: string key } } =>
            NameOf(target) is { } owner ? $"{owner}.{key}" : null,
        _ => null,
    };
}
