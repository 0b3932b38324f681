using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>
/// What was meant as a container and is none: behind a code fence that nothing closes, indented like code, with two colons, or with a character before it
/// that can't be seen. Whatever was for premium readers there would be shown to everybody.
/// </summary>
internal static partial class LostContainers
{
    /// <summary>Code fences that are open up to the end of the edition or of their container.</summary>
    public static IEnumerable<FencedCodeBlock> OpenFences(MarkdownDocument document) =>
        document.Descendants<FencedCodeBlock>().Where(code => code.ClosingFencedCharCount == 0 && code.Parent is MarkdownDocument or EditionContainer);

    /// <summary>Lines that look like the beginning of a container: where the colons stand, and the name.</summary>
    /// <param name="document">As it was read.</param>
    /// <param name="source">What it was read from.</param>
    public static IEnumerable<(int At, string Name)> Lines(MarkdownDocument document, string source)
    {
        var found = document.Descendants<EditionContainer>().Select(container => container.Span.Start).ToHashSet();
        var code = document.Descendants<FencedCodeBlock>().Where(block => block.ClosingFencedCharCount > 0).Select(block => block.Span).OrderBy(span => span.Start).ToList();
        var next = 0;
        foreach (Match line in Lookalike().Matches(source))
        {
            var (at, name) = (line.Groups["fence"].Index, line.Groups["name"].Value);
            while (next < code.Count && code[next].End < at)
                next++;
            if (ContainerNames.KindOf(name) != ContainerKind.Unknown && !found.Contains(at) && (next == code.Count || at < code[next].Start))
                yield return (at, name);
        }
    }

    // No backtick and no backslash: whoever writes those means it.
    [GeneratedRegex(@"^[^\w\n`\\:：]{0,20}(?<fence>:{2,}|：{2,})[ \t]*(?<name>[a-z]+)\b", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Lookalike();
}
