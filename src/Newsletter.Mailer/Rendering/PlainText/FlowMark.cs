namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>What a line of text is, noted in it until <see cref="FlowedText"/> writes it out: characters that no edition holds.</summary>
internal static class FlowMark
{
    /// <summary>Ends a line that was broken at a space: the paragraph goes on.</summary>
    public const char AtSpace = '\uFDD5';

    /// <summary>Ends a line that was broken where no space stood, between Chinese or Japanese characters.</summary>
    public const char BetweenCharacters = '\uFDD6';

    /// <summary>Begins a quoted line, once for each level.</summary>
    public const char Quote = '\uFDD7';

    public static bool IsMark(char c) => c is AtSpace or BetweenCharacters or Quote;

    /// <summary>The line as one that stands by itself, for what is indented: flowing would take its indent along.</summary>
    public static string Fixed(string line) => line.TrimEnd(AtSpace, BetweenCharacters);
}
