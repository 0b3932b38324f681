using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Cuts a filter into words, texts, numbers, days and signs, each with its place.</summary>
internal sealed class FilterLexer(string source)
{
    private const int MaxTextLength = 2_000;
    private const int MaxNumberLength = 20;
    private static readonly string[] TwoSigns = ["!=", "<=", ">=", "<>", "==", "&&", "||"];

    private int at;
    private int line = 1;
    private int lineStart;

    /// <summary>Every token, the end included.</summary>
    /// <exception cref="FilterException">Something is no token.</exception>
    public static List<FilterToken> Read(string source)
    {
        var lexer = new FilterLexer(source);
        var tokens = new List<FilterToken>();
        do tokens.Add(lexer.Next());
        while (tokens[^1].Kind != FilterTokenKind.End);
        return tokens;
    }

    private FilterToken Next()
    {
        SkipSpace();
        if (at >= source.Length) return Token(FilterTokenKind.End, "", at);
        var c = source[at];
        if (c is '"' or '\'') return ReadText(c);
        if (char.IsAsciiLetter(c) || c == '_') return ReadWord();
        if (char.IsAsciiDigit(c) || (c is '-' or '+' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1]))) return ReadNumber();
        return ReadSign(c);
    }

    private void SkipSpace()
    {
        for (; at < source.Length && (char.IsWhiteSpace(source[at]) || source[at] == '\uFEFF'); at++)
        {
            if (source[at] == '\r' && at + 1 < source.Length && source[at + 1] == '\n') continue;
            if (source[at] is '\n' or '\r') NewLine(at + 1);
        }
    }

    private void NewLine(int start)
    {
        line++;
        lineStart = start;
    }

    private FilterToken ReadWord()
    {
        var start = at;
        while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] is '_' or '.')) at++;
        return Token(FilterTokenKind.Word, source[start..at], start);
    }

    private FilterToken ReadText(char quote)
    {
        var start = at;
        var opening = Token(FilterTokenKind.Text, "", start, 1);
        var text = new StringBuilder();
        for (at++; ; at++)
        {
            if (at >= source.Length || source[at] is '\n' or '\r')
                throw opening.Error($"The text that begins here is not closed: put a {quote} at its end, in the same line.");
            if (source[at] == quote) break;
            if (source[at] == '\\') text.Append(Escaped());
            else text.Append(source[at]);
        }

        at++;
        if (text.Length > MaxTextLength) throw opening.Error($"The text is {text.Length} characters long, and {MaxTextLength} is the limit.");
        if (TextRules.FindInLine(text.ToString()) is { } found) throw opening.Error($"The text {found}: take it out.");
        return Token(FilterTokenKind.Text, text.ToString(), start);
    }

    private char Escaped()
    {
        if (at + 1 < source.Length && source[at + 1] is '"' or '\'' or '\\') return source[++at];
        throw Token(FilterTokenKind.Text, "", at, 1).Error("A backslash in a text stands before a quotation mark or another backslash: write \\\\ for a backslash.");
    }

    private FilterToken ReadNumber()
    {
        var start = at;
        if (source[at] is '-' or '+') at++;
        while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] is '.' or '-' or '_')) at++;
        var text = source[start..at];
        if (text.Count(c => c == '-') >= 2 && char.IsAsciiDigit(text[0])) return ReadDate(text, start);
        if (text.Length <= MaxNumberLength
            && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return Token(FilterTokenKind.Number, number.ToString(CultureInfo.InvariantCulture), start);
        throw Token(FilterTokenKind.Number, text, start).Error(
            "This is neither a number (like 18 or 3.5) nor a day (like 2026-01-31): put a text in quotation marks.");
    }

    private FilterToken ReadDate(string text, int start)
    {
        var token = Token(FilterTokenKind.Date, text, start);
        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is >= 1900 and <= 2999
            ? token
            : throw token.Error("There is no such day: write year, month and day like 2026-01-31, from 1900 to 2999.");
    }

    private FilterToken ReadSign(char c)
    {
        var start = at;
        var two = at + 1 < source.Length ? source.Substring(at, 2) : "";
        if (TwoSigns.Contains(two))
        {
            at += 2;
            var sign = Token(FilterTokenKind.Sign, two, start);
            return two switch
            {
                "<>" => throw sign.Error("Write != for \"is not\"."),
                "==" => throw sign.Error("Write a single = for \"is\"."),
                "&&" => throw sign.Error("Write the word and."),
                "||" => throw sign.Error("Write the word or."),
                _ => sign,
            };
        }

        at++;
        var one = Token(FilterTokenKind.Sign, c.ToString(), start);
        if (c is '=' or '<' or '>' or '(' or ')' or ',') return one;
        throw one.Error(c switch
        {
            '!' => "Write the word not, or != between two things.",
            '\u201C' or '\u201D' or '\u2018' or '\u2019' or '\u00AB' or '\u00BB' or '\u201E' => "Put texts in straight quotation marks, \" or '.",
            ';' => "A filter is one condition; join several with and or or.",
            _ => $"A filter can't have {TextRules.Describe(Describable(start))} here: texts stand in quotation marks.",
        });
    }

    // Half a surrogate pair has no rune of its own.
    private Rune Describable(int index) => Rune.TryGetRuneAt(source, index, out var rune) ? rune : new Rune('\uFFFD');

    private FilterToken Token(FilterTokenKind kind, string text, int start, int length = 0) =>
        new(kind, text, line, start - lineStart + 1, length > 0 ? length : at - start, start);
}
