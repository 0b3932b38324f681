using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// Prepares Markdown for reading, at unchanged length so that every position stays true: comments dropped, raw tags warned about,
/// slots and tags outside code replaced by tokens that mean nothing to Markdown.
/// </summary>
internal sealed partial class BodySource
{
    private readonly EditionDocument _edition;
    private readonly SlotTable _table;
    private readonly List<RenderProblem> _problems;
    private readonly LineIndex _lines;
    private readonly char[] _text;

    // Null where raw HTML is text.
    private readonly RawNesting? _nesting;
    private bool _noCommentCloses;

    private BodySource(EditionDocument edition, bool keepsHtml, SlotTable table, List<RenderProblem> problems)
    {
        _edition = edition;
        _nesting = keepsHtml ? new RawNesting() : null;
        _table = table;
        _problems = problems;
        _lines = new LineIndex(edition.Body, edition.BodyLine);
        _text = edition.Body.ToCharArray();
    }

    public static string Prepare(EditionDocument edition, bool keepsHtml, SlotTable table, List<RenderProblem> problems) =>
        new BodySource(edition, keepsHtml, table, problems).Prepare();

    private string Prepare()
    {
        DropControlCharacters();
        var source = new string(_text);
        var scouted = Markdown.Parse(source, MarkdownDialect.Scouting);
        foreach (var span in scouted.Descendants<HtmlBlock>().Select(html => html.Span).Concat(scouted.Descendants<HtmlInline>().Select(html => html.Span)).OrderBy(span => span.Start))
            DropComments(source, span);
        foreach (var (at, message) in _nesting?.Problems ?? [])
            Report(_edition.IsForeign ? RenderSeverity.Warning : RenderSeverity.Error, at, message);
        if (_edition.Template)
            TakeSlots(CodeIn(scouted, source.Length));
        return new string(_text);
    }

    // ESC, backspace and their like are invisible in an editor and wrong in mail; our own marks must be ours alone.
    private void DropControlCharacters()
    {
        for (var i = 0; i < _text.Length; i++)
        {
            var c = _text[i];
            if (c is '\n' or '\t' || !(char.IsControl(c) || TextRules.IsNonCharacter(c)))
                continue;
            _text[i] = ' ';
            Warn(i, $"The invisible control character {UnsafeCharacters.Name(c)} was replaced by a space.");
        }
    }

    private void DropComments(string source, SourceSpan span)
    {
        var end = Math.Min(span.End + 1, source.Length);
        for (var i = span.Start; i < end;)
        {
            var open = source.IndexOf('<', i, end - i);
            if (open < 0)
                return;

            i = open + 1;
            var isComment = source.AsSpan(open).StartsWith("<!--");
            if (isComment && CloseOfComment(source, open + 4) is var close and >= 0)
            {
                i = close + 3;
                Blank(source, open, i);
                continue;
            }

            if (isComment)
                _nesting?.TakeUnendedComment(open);
            else
                _nesting?.Take(source, open);
            if (RawTag().Match(source, open) is { Success: true } tag)
                WarnOfTag(open, tag);
        }
    }

    private void WarnOfTag(int at, Match tag)
    {
        if (_nesting is null)
            Warn(at, $"Raw HTML is shown as text: {tag.Value}. Write it in Markdown, or put it in code; the newsletter's \"raw_html\" would let it through.");
        else if (!BodyHtml.RawTags.Contains(tag.Groups["name"].Value))
            Warn(at, $"{tag.Value} isn't allowed in mail, so it is left out, with what is in it.");
    }

    // Where no comment closes behind a place, none closes behind a later one either.
    private int CloseOfComment(string source, int from)
    {
        if (_noCommentCloses)
            return -1;
        var close = source.IndexOf("-->", from, StringComparison.Ordinal);
        _noCommentCloses = close < 0;
        return close;
    }

    // Blanks alone on their line vanish; beside text, four of them would make it code, so there a filler stands in.
    private void Blank(string source, int from, int to)
    {
        for (var i = from; i < to;)
        {
            var end = source.IndexOf('\n', i, to - i) is var newline and >= 0 ? newline : to;
            var filler = IsAlone(source, i, end) ? ' ' : SlotTable.Filler;
            Array.Fill(_text, filler, i, end - i);
            i = end + 1;
        }
    }

    private static bool IsAlone(string source, int from, int to)
    {
        while (from > 0 && source[from - 1] is ' ' or '\t')
            from--;
        while (to < source.Length && source[to] is ' ' or '\t')
            to++;
        return (from == 0 || source[from - 1] == '\n') && (to == source.Length || source[to] == '\n');
    }

    private static bool[] CodeIn(MarkdownDocument document, int length)
    {
        var code = new bool[length];
        var spans = document.Descendants<CodeInline>().Select(inline => inline.Span)
            .Concat(document.Descendants<CodeBlock>().Select(block => block.Span));
        foreach (var span in spans)
            Array.Fill(code, true, Math.Clamp(span.Start, 0, length), Math.Clamp(span.End + 1, 0, length) - Math.Clamp(span.Start, 0, length));
        return code;
    }

    private void TakeSlots(bool[] code)
    {
        for (var i = 0; i + 1 < _text.Length; i++)
        {
            if (code[i])
                continue;
            if (_text[i] == '\\')
                i++;
            else if (_text[i] == '{' && _text[i + 1] == '{')
                i += TakeSlot(i) - 1;
            else if (_text[i] == '{' && _text[i + 1] == '%')
                i += TakeTag(i) - 1;
        }
    }

    private int TakeSlot(int at)
    {
        var length = SlotSyntax.LengthOfSlot(_text.AsSpan(at));
        if (length < SlotTable.MinLength)
        {
            Refuse(at, length < 0
                ? "{{ is opened here and not closed by }} on the same line. Braces that are meant as text belong in code, or behind a backslash: \\{{."
                : "{{}} is empty. Write a name between the braces, such as {{ subscriber.first_name | default: \"friend\" }}.");
            return 2;
        }

        return Take(at, length);
    }

    // In another tool's file tags are that tool's.
    private int TakeTag(int at)
    {
        var length = SlotSyntax.LengthOfTag(_text.AsSpan(at));
        if (length < SlotTable.MinLength || _edition.IsForeign)
        {
            Refuse(at, length < 0
                ? "{% is opened here and not closed by %} on the same line. Braces that are meant as text belong in code, or behind a backslash: \\{%."
                : $"{new string(_text, at, length)}: {(_edition.IsForeign ? "it is a tag of another tool's" : "it is an empty tag")}.");
            return Math.Max(2, length);
        }

        return Take(at, length);
    }

    private int Take(int at, int length)
    {
        if (_table.IsFull)
        {
            Refuse(at, "There are more slots and tags than an edition can have (4,096).");
            return _text.Length - at;
        }

        var text = new string(_text, at, length);
        _table.Add(new SlotSource(text, _lines.At(at))).CopyTo(_text.AsSpan(at));
        return length;
    }

    private void Refuse(int at, string message)
    {
        var position = _lines.At(at);
        _problems.Add(_edition.IsForeign
            ? new RenderProblem(RenderSeverity.Warning, position.Line, position.Column, "Left as text: " + message)
            : new RenderProblem(RenderSeverity.Error, position.Line, position.Column, message));
    }

    private void Warn(int at, string message) => Report(RenderSeverity.Warning, at, message);

    private void Report(RenderSeverity severity, int at, string message)
    {
        var position = _lines.At(at);
        _problems.Add(new RenderProblem(severity, position.Line, position.Column, message));
    }

    [GeneratedRegex(@"\G<(?<name>[A-Za-z!?][A-Za-z0-9-]*)[^<>]{0,60}>?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex RawTag();
}
