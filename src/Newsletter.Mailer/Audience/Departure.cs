namespace Newsletter.Mailer.Audience;

/// <summary>What a reader who leaves says about it; all of it optional.</summary>
public sealed record Departure
{
    /// <summary>The choices of the page, as they are kept.</summary>
    public static IReadOnlyList<string> Reasons { get; } = ["too_many", "not_interesting", "never_asked", "unreadable", "other"];

    /// <summary>Most characters of <see cref="Note"/>.</summary>
    public const int LongestNote = 500;

    /// <summary>One of <see cref="Reasons"/>.</summary>
    public string? Reason { get; private init; }

    /// <summary>In their own words.</summary>
    public string? Note { get; private init; }

    /// <summary>Where the request came from.</summary>
    public string? Ip { get; private init; }

    /// <summary>Takes what can be kept, and leaves the rest out: nobody is kept from leaving by a word that is too long.</summary>
    public static Departure Of(string? reason, string? note, string? ip)
    {
        var text = note?.ReplaceLineEndings("\n").Trim();
        if (text?.Length > LongestNote)
            text = text[..(char.IsHighSurrogate(text[LongestNote - 1]) ? LongestNote - 1 : LongestNote)];
        return new Departure
        {
            Reason = Reasons.Contains(reason) ? reason : null,
            Note = string.IsNullOrEmpty(text) || TextRules.FindInText(text) is not null ? null : text,
            Ip = ip,
        };
    }
}
