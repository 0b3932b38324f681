namespace Newsletter.Mailer.Editions;

/// <summary>An edition's file, cut into the YAML between the <c>---</c> lines and the Markdown below.</summary>
/// <param name="Yaml">Null where the file has no front matter.</param>
/// <param name="Body">The Markdown, with LF line ends.</param>
/// <param name="BodyLine">The line of the file on which the body begins.</param>
/// <param name="IsOpen">Whether the opening line is there and the closing one is not.</param>
internal sealed record FrontMatterBlock(string? Yaml, string Body, int BodyLine, bool IsOpen)
{
    private const string Fence = "---";

    /// <param name="text">The whole file, without a byte order mark, with LF line ends.</param>
    public static FrontMatterBlock Cut(string text)
    {
        var lines = text.Split('\n');
        if (!IsFence(lines[0]))
        {
            return new FrontMatterBlock(null, text, 1, IsOpen: false);
        }

        var close = Array.FindIndex(lines, 1, IsFence);
        return close < 0
            ? new FrontMatterBlock(null, text, 1, IsOpen: true)
            : new FrontMatterBlock(
                string.Join('\n', lines[1..close]), string.Join('\n', lines[(close + 1)..]), close + 2, IsOpen: false);
    }

    private static bool IsFence(string line) => line.TrimEnd(' ', '\t') == Fence;
}
