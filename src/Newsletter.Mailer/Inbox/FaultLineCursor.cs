using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>A word of a line, and the column, from 1, at which it begins.</summary>
internal readonly record struct FaultWord(string Text, int Column, bool IsQuoted = false);

/// <summary>Takes the words of one line of a script, one after another. What is wrong with the line is kept, the first thing only.</summary>
internal sealed class FaultLineCursor(string line, int number)
{
    private int position;

    /// <summary>The first thing that was wrong; null so far.</summary>
    public FaultScriptError? Error { get; private set; }

    /// <summary>The column after the last word.</summary>
    public int EndColumn => line.AsSpan().TrimEnd().Length + 1;

    /// <summary>Keeps what is wrong, unless something before it was.</summary>
    public void Fail(int column, string message) => Error ??= new FaultScriptError(number, column, message);

    /// <summary>The next word; null at the end of the line.</summary>
    public FaultWord? Next()
    {
        SkipBlanks();
        if (position == line.Length)
            return null;
        if (line[position] == '"')
            return Quoted();
        var start = position;
        while (position < line.Length && !IsBlank(line[position]))
            position++;
        return new FaultWord(line[start..position], start + 1);
    }

    /// <summary>What follows to the end of the line, without blanks around it; text in quotes as it stands there. <c>\n</c> is a line's end, <c>\\</c> a backslash.</summary>
    public FaultWord Rest()
    {
        SkipBlanks();
        var start = position;
        if (position < line.Length && line[position] == '"')
        {
            var quoted = Quoted();
            if (Next() is { } more)
                Fail(more.Column, $"Expected nothing after the closing quote, found '{more.Text}'.");
            return quoted;
        }

        position = line.Length;
        return new FaultWord(Unescaped(start, line.AsSpan().TrimEnd().Length), start + 1);
    }

    private void SkipBlanks()
    {
        while (position < line.Length && IsBlank(line[position]))
            position++;
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';

    private FaultWord Quoted()
    {
        var start = position;
        var end = position + 1;
        while (end < line.Length && line[end] != '"')
            end += line[end] == '\\' ? 2 : 1;
        if (end >= line.Length)
        {
            Fail(start + 1, "Expected a closing quote before the end of the line.");
            end = line.Length;
        }

        position = Math.Min(end + 1, line.Length);
        if (position < line.Length && !IsBlank(line[position]))
            Fail(position + 1, $"Expected a space after the closing quote, found '{line[position]}'.");
        return new FaultWord(Unescaped(start + 1, end), start + 1, IsQuoted: true);
    }

    private string Unescaped(int from, int to)
    {
        var text = new StringBuilder();
        for (var i = from; i < to; i++)
        {
            if (line[i] != '\\')
            {
                text.Append(line[i]);
                continue;
            }

            var escaped = i + 1 < to ? line[i + 1] : ' ';
            if (escaped is not ('n' or '\\' or '"'))
                Fail(i + 1, """Expected \n, \\ or \" after a backslash.""");
            text.Append(escaped == 'n' ? '\n' : escaped);
            i++;
        }

        return text.ToString();
    }
}
