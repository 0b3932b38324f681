using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Preflight;

/// <summary>An edition's file by its places.</summary>
internal sealed partial class SourceText
{
    private readonly string _text;

    public SourceText(string source)
    {
        _text = source.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Prose = WithoutCode(_text);
    }

    /// <summary>The file with blanks in the place of its code, so that places stay true: what code looks like is no mistake.</summary>
    public string Prose { get; }

    /// <summary>Where a text first stands; null where it doesn't.</summary>
    public SourcePosition? Find(string text) =>
        text.Length > 0 && _text.IndexOf(text, StringComparison.Ordinal) is var at and >= 0 ? At(at) : null;

    /// <summary>The place of an index.</summary>
    public SourcePosition At(int index)
    {
        var before = _text.AsSpan(0, index);
        return new SourcePosition(before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }

    private static string WithoutCode(string text)
    {
        var prose = new StringBuilder(text.Length);
        var fence = "";
        foreach (var line in text.Split('\n'))
        {
            var mark = Fence().Match(line).Groups["mark"].Value;
            var inside = fence.Length > 0;
            if (!inside && mark.Length > 0)
                fence = mark;
            else if (inside && mark.StartsWith(fence, StringComparison.Ordinal))
                fence = "";
            prose.Append(inside || mark.Length > 0 ? new string(' ', line.Length) : Inline().Replace(line, code => new string(' ', code.Length)));
            prose.Append('\n');
        }

        return prose.ToString(0, text.Length);
    }

    [GeneratedRegex("^ {0,3}(?<mark>`{3,}|~{3,})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();

    [GeneratedRegex("(?<ticks>`+)[^`]+\\k<ticks>", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Inline();
}
