using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>Reads one line of a script: <c>at POINT</c>, then any clauses in any order, then the action.</summary>
internal sealed class FaultLineParser(string text, int number)
{
    private const string Clauses = "named, connection, message, turn, from, to, share, after, every, first, per, bytes, keep, lose, wait, pace";
    private const string Actions = "reply, close, answer, delay, tarpit, drop, reset, silence";

    private readonly FaultLineCursor words = new(text, number);
    private readonly Dictionary<string, int> columns = new(StringComparer.Ordinal);
    private FaultLine line = new() { Point = FaultPoint.Any };

    /// <summary>What is wrong with the line; null when it was read.</summary>
    public FaultScriptError? Error => words.Error;

    /// <summary>The rule; means nothing where <see cref="Error"/> says why not.</summary>
    public FaultLine Read()
    {
        ReadPoint();
        var acted = false;
        while (Error is null && !acted && words.Next() is { } word)
            acted = TakeAction(word) || !TakeClause(word);
        if (!acted)
            words.Fail(words.EndColumn, $"Expected what is to happen ({Actions}), found the end of the line.");
        else if (words.Next() is { } more)
            words.Fail(more.Column, $"Expected the end of the line after the action, found '{more.Text}'.");
        CheckPoint();
        return line;
    }

    private void ReadPoint()
    {
        var at = words.Next();
        if (at is not { Text: "at", IsQuoted: false })
        {
            words.Fail(at?.Column ?? 1, $"Expected 'at' and a moment, found '{at?.Text}'.");
            return;
        }

        if (Value("a moment: " + FaultWords.Points) is not { } word)
            return;
        if (FaultWords.Point(word.Text) is { } point)
            line = line with { Point = point };
        else
            words.Fail(word.Column, $"Expected a moment: {FaultWords.Points}; found '{word.Text}'.");
    }

    /// <returns>False where the word begins no action.</returns>
    private bool TakeAction(FaultWord word)
    {
        switch (word.IsQuoted ? "" : word.Text)
        {
            case "reply":
                line = line with { Reply = ReadReply(isNeeded: true) };
                return true;
            case "close":
                line = line with { Reply = ReadReply(isNeeded: false), Ending = FaultEnding.Close };
                return true;
            case "answer":
                return true;
            case "delay":
                Once(word with { Text = "wait" });
                line = line with { Wait = ReadTime() };
                return true;
            case "tarpit":
                Once(word with { Text = "pace" });
                line = line with { Pace = ReadTime() };
                return true;
            case "drop":
                line = line with { Ending = FaultEnding.Drop };
                return true;
            case "reset":
                line = line with { Ending = FaultEnding.Reset };
                return true;
            case "silence":
                line = line with { Ending = FaultEnding.Silent };
                return true;
            default:
                return false;
        }
    }

    /// <returns>False where the word begins no clause.</returns>
    private bool TakeClause(FaultWord word)
    {
        if (word.IsQuoted || !Clauses.Split(", ").Contains(word.Text, StringComparer.Ordinal))
        {
            words.Fail(word.Column, $"Expected a condition ({Clauses}) or what is to happen ({Actions}), found '{word.Text}'.");
            return false;
        }

        Once(word);
        line = word.Text switch
        {
            "named" => line with { Name = Value("a name")?.Text },
            "connection" => line with { Connections = ReadNumbers() },
            "message" => line with { Messages = ReadNumbers() },
            "turn" => line with { Turns = ReadNumbers() },
            "from" => line with { Sender = ReadAddress() },
            "to" => line with { Recipient = ReadAddress() },
            "share" => line with { Share = ReadShare() },
            "after" => line with { After = (int)ReadNumber(0, int.MaxValue) },
            "every" => line with { Every = (int)ReadNumber(1, int.MaxValue) },
            "first" => line with { First = (int)ReadNumber(1, int.MaxValue) },
            "per" => line with { Scope = ReadScope() },
            "bytes" => line with { Bytes = ReadNumber(0, int.MaxValue) },
            "keep" or "lose" => line with { Keep = word.Text == "keep" },
            "wait" => line with { Wait = ReadTime() },
            _ => line with { Pace = ReadTime() },
        };
        return true;
    }

    private void Once(FaultWord word)
    {
        // A message can't be both kept and lost.
        var clause = word.Text == "lose" ? "keep" : word.Text;
        if (!columns.TryAdd(clause, word.Column))
            words.Fail(word.Column, $"Expected each condition once, found a second '{word.Text}'{(clause == "keep" ? " (keep and lose exclude each other)" : "")}.");
    }

    private FaultWord? Value(string expected)
    {
        if (words.Next() is { } word)
            return word;
        words.Fail(words.EndColumn, $"Expected {expected}, found the end of the line.");
        return null;
    }

    private NumberSet? ReadNumbers()
    {
        if (Value(NumberSet.Form) is not { } word)
            return null;
        var set = NumberSet.Parse(word.Text);
        if (set is null)
            words.Fail(word.Column, $"Expected {NumberSet.Form}; found '{word.Text}'.");
        return set;
    }

    private string? ReadAddress()
    {
        const string expected = "an address, in which * stands for any characters";
        if (Value(expected) is not { } word)
            return null;
        if (word.Text.Length == 0)
            words.Fail(word.Column, $"Expected {expected} (<> for the null sender), found nothing in the quotes.");
        return word.Text;
    }

    private double? ReadShare()
    {
        const string expected = "a share from 0 to 1, such as 0.3";
        if (Value(expected) is not { } word)
            return null;
        if (double.TryParse(word.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share <= 1)
            return share;
        words.Fail(word.Column, $"Expected {expected}; found '{word.Text}'.");
        return null;
    }

    private long ReadNumber(long least, long most)
    {
        var expected = $"a whole number from {least}";
        if (Value(expected) is not { } word)
            return least;
        if (long.TryParse(word.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        words.Fail(word.Column, $"Expected {expected}{(value > most ? $" to {most}" : "")}, found '{word.Text}'.");
        return least;
    }

    private FaultScope ReadScope()
    {
        const string expected = "inbox, connection or recipient";
        if (Value(expected) is not { } word)
            return default;
        if (FaultWords.Scope(word.Text) is { } scope)
            return scope;
        words.Fail(word.Column, $"Expected {expected}, found '{word.Text}'.");
        return default;
    }

    private TimeSpan ReadTime()
    {
        if (Value(FaultTime.Form) is not { } word)
            return default;
        if (FaultTime.Parse(word.Text) is { } time)
            return time;
        words.Fail(word.Column, $"Expected {FaultTime.Form}; found '{word.Text}'.");
        return default;
    }

    private InboxReply? ReadReply(bool isNeeded)
    {
        const string expected = "a reply code from 200 to 599";
        if ((isNeeded ? Value(expected) : words.Next()) is not { } code)
            return null;
        if (code.Text.Length != 3 || !int.TryParse(code.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 200 or > 599)
        {
            words.Fail(code.Column, $"Expected {expected}, found '{code.Text}'.");
            return null;
        }

        var said = words.Rest();
        if (said is { Text: "", IsQuoted: false })
            words.Fail(words.EndColumn, "Expected the reply's text after its code (\"\" for none), found the end of the line.");
        if (said.Text.FirstOrDefault(c => c is not '\n' and (< ' ' or > '~')) is var foreign and not '\0')
            words.Fail(said.Column, $"Expected a reply's text in printable ASCII (RFC 5321 §4.2), found {(foreign == '\t' ? "a tab" : $"'{foreign}'")} in it.");
        return new InboxReply(value, said.Text);
    }

    /// <summary>Conditions that can never hold at the moment are mistakes, not rules.</summary>
    private void CheckPoint()
    {
        var point = FaultWords.Of(line.Point);
        foreach (var clause in (string[])["message", "turn", "from", "to", "share"])
        {
            if (FaultWords.KnowsNoMessage(line.Point) || (line.Point == FaultPoint.Mail && clause is "to" or "share"))
                Refuse(clause, $"Expected no '{clause}' at {point}: {(clause is "to" or "share" ? "no recipient" : "no message")} is known then.");
        }

        if (line.Scope == FaultScope.Recipient && (FaultWords.KnowsNoMessage(line.Point) || line.Point == FaultPoint.Mail))
            Refuse("per", $"Expected no 'per recipient' at {point}: no recipient is known then.");
        if ((line.First ?? line.Every ?? line.After) is null)
            Refuse("per", "Expected first, every or after with 'per': it says what they are counted over.");
        if (line.Point != FaultPoint.Body)
            Refuse("bytes", $"Expected 'bytes' at body only, found it at {point}.");
        if (line.Point is not (FaultPoint.EndOfData or FaultPoint.Any))
            Refuse("keep", $"Expected 'keep' or 'lose' at dot or any only, found it at {point}.");
        if (line is { Point: FaultPoint.Body, Ending: FaultEnding.Close, Reply: null })
            words.Fail(words.EndColumn, "Expected a reply code from 200 to 599 after 'close' at body, where no ordinary reply is due.");
    }

    private void Refuse(string clause, string message)
    {
        if (columns.TryGetValue(clause, out var column))
            words.Fail(column, message);
    }
}
