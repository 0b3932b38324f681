using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Rendering.Slots;

internal enum SlotTagKind
{
    If,
    Unless,
    ElseIf,
    Else,
    EndIf,
    EndUnless,
}

/// <summary>A tag such as <c>{% if subscriber.tier == "premium" %}</c>, taken apart.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Rest">What stands behind its word; empty where nothing does.</param>
/// <param name="RestAt">Where that begins in the tag.</param>
internal sealed partial record SlotTag(SlotTagKind Kind, string Rest, int RestAt)
{
    /// <summary>How deep they may stand in one another.</summary>
    public const int MostNested = 8;

    /// <summary>How many ways one choice may have.</summary>
    public const int MostWays = 60;

    /// <summary>It begins a choice.</summary>
    public bool Opens => Kind is SlotTagKind.If or SlotTagKind.Unless;

    /// <summary>It ends a choice.</summary>
    public bool Closes => Kind is SlotTagKind.EndIf or SlotTagKind.EndUnless;

    /// <summary>It asks something.</summary>
    public bool HasCondition => Kind is SlotTagKind.If or SlotTagKind.Unless or SlotTagKind.ElseIf;

    /// <summary>Reads a tag, its braces included; null where it is none that an edition may have.</summary>
    public static SlotTag? Read(string text)
    {
        var parts = Parts().Match(text);
        SlotTagKind? kind = parts.Groups["word"].Value switch
        {
            "if" => SlotTagKind.If,
            "unless" => SlotTagKind.Unless,
            "elsif" => SlotTagKind.ElseIf,
            "else" => SlotTagKind.Else,
            "endif" => SlotTagKind.EndIf,
            "endunless" => SlotTagKind.EndUnless,
            _ => null,
        };
        return kind is { } known ? new SlotTag(known, parts.Groups["rest"].Value, parts.Groups["rest"].Index) : null;
    }

    [GeneratedRegex(@"^\{%-?\s*(?<word>[a-z]+)\s*(?<rest>.*?)\s*-?%\}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();
}
