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
    public static Departure Of(string? reason, string? note, string? ip) =>
        new() { Reason = Reasons.Contains(reason) ? reason : null, Note = TextRules.Kept(note, LongestNote), Ip = ip };
}
