using Scriban;
using Scriban.Parsing;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>Reads one tag by itself, so that what is wrong with it has its own line and column.</summary>
internal static class TagReader
{
    private const string Allowed =
        "Allowed is a known name, perhaps compared with a value, such as {% if subscriber.attributes.city == \"Porto\" %}, joined by \"and\" and \"or\". Braces that are meant as text belong in code, or behind a backslash: \\{%.";

    /// <summary>What is wrong with a tag, and at which of its characters; null where nothing is.</summary>
    public static (int Offset, string Message)? Problem(SlotSource source, SlotScope scope)
    {
        if (SlotTag.Read(source.Text) is not { } tag)
            return (0, $"{source.Text}: an edition's tags are if, elsif, else, endif, unless and endunless. Braces that are meant as text belong in code, or behind a backslash: \\{{%; \"template: off\" in the front matter makes all braces text.");
        if (!tag.HasCondition)
            return tag.Rest.Length == 0 ? null : (tag.RestAt, $"{source.Text}: nothing stands behind \"{(tag.Kind == SlotTagKind.Else ? "else" : "end…")}\". {(tag.Kind == SlotTagKind.Else ? "Write {% elsif … %} to ask one thing more." : "Take it out.")}");
        if (tag.Rest.Length == 0)
            return (tag.RestAt, $"{source.Text} asks nothing. {Allowed}");
        if (Condition(tag, out var refusedAt) is not { } condition)
            return (Math.Clamp(refusedAt, 0, source.Text.Length - 1), $"{source.Text} can't be read. {Allowed}");
        return condition.Names.FirstOrDefault(name => SlotName.IsUrl(name) || !scope.IsKnown(name)) is { } unknown
            ? (tag.RestAt, SlotName.IsUrl(unknown) ? $"{source.Text}: everybody has {unknown}." : $"Unknown name \"{unknown}\" in {source.Text}. {scope.Suggest(unknown)}")
            : null;
    }

    private static SlotCondition? Condition(SlotTag tag, out int refusedAt)
    {
        const string Before = "{% if ";
        var template = Template.ParseLiquid($"{Before}{tag.Rest} %}}{{% endif %}}", null, SlotReader.Options);
        refusedAt = tag.RestAt;
        if (template.HasErrors || template.Page?.Body?.Statements.OfType<ScriptIfStatement>().ToList() is not [{ Condition: { } written }])
            return null;
        var condition = ConditionReader.Read(written, out var offset);
        refusedAt += offset - Before.Length;
        return condition;
    }
}
