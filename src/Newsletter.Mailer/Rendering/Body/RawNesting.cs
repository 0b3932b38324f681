using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// What raw HTML opens and doesn't close. A browser takes all that follows a <c>&lt;title&gt;</c> or <c>&lt;!--</c> for its content, and the sanitiser would
/// leave the rest of the edition out with it.
/// </summary>
internal sealed partial class RawNesting
{
    private const int MostDepth = 100;

    private static readonly FrozenSet<string> Swallowing = FrozenSet.ToFrozenSet(
        [
            "iframe", "math", "noembed", "noframes", "noscript", "object", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title", "video", "audio", "xmp",
        ],
        StringComparer.OrdinalIgnoreCase);

    private readonly List<(int At, string Message)> _problems = [];
    private TagDepth _depth;
    private (int At, string Name)? _open;
    private bool _isTooDeep;

    /// <summary>What is wrong, with its place; known once all of the HTML is taken.</summary>
    public IEnumerable<(int At, string Message)> Problems => _open is { } open
        ? _problems.Append((open.At, $"<{open.Name}> is opened here and never closed, so that everything behind it would be left out. Close it with </{open.Name}>, or take it out."))
        : _problems;

    /// <summary>A comment that nothing ends.</summary>
    public void TakeUnendedComment(int at) => _problems.Add((at, "<!-- is opened here and not closed by -->, so that everything behind it would be left out. Close it, or take it out."));

    /// <summary>A tag, in the order of the text.</summary>
    public void Take(string source, int at)
    {
        var tag = Tag().Match(source, at, Math.Min(64, source.Length - at));
        if (!tag.Success)
        {
            if (_open is null && IsInstruction(source.AsSpan(at)))
                _problems.Add((at, $"{source.AsSpan(at, Math.Min(9, source.Length - at)).Trim()}… is no HTML: a browser leaves out what follows it. Take it out, or put it in code."));
            return;
        }

        var name = tag.Groups["name"].Value;
        var closes = tag.Groups["close"].Length > 0;
        if (_open is { } open)
        {
            if (closes && name.Equals(open.Name, StringComparison.OrdinalIgnoreCase))
                _open = null;
        }
        else if (!closes && Swallowing.Contains(name))
            _open = (at, name);
        else if (_depth.Take(tag.ValueSpan) > MostDepth && !_isTooDeep)
        {
            _isTooDeep = true;
            _problems.Add((at, $"Elements of raw HTML stand in one another more than {MostDepth} deep here. Close those that are left open, or take some out."));
        }
    }

    // Of processing (XML 1.0, 2.6) or of CDATA (2.7): neither is HTML.
    private static bool IsInstruction(ReadOnlySpan<char> source) => source.StartsWith("<?") || source.StartsWith("<![");

    [GeneratedRegex(@"\G<(?<close>/?)(?<name>[A-Za-z][A-Za-z0-9]*)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Tag();
}
