namespace Newsletter.Mailer.Inbox;

/// <summary>What is wrong with a script, and where.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
/// <param name="Message">A sentence: what was expected, and what was found.</param>
public sealed record FaultScriptError(int Line, int Column, string Message);

/// <summary>What came of reading a script.</summary>
public abstract record FaultScriptOutcome
{
    /// <summary>It was read.</summary>
    public sealed record Read(FaultPlan Plan) : FaultScriptOutcome;

    /// <summary>It can't be used.</summary>
    /// <param name="Errors">At least one; the first of each line.</param>
    public sealed record Refused(IReadOnlyList<FaultScriptError> Errors) : FaultScriptOutcome;
}

/// <summary>
/// Reads fault scripts as people write them: one rule a line, empty lines and lines that begin with <c>#</c> left out.
/// For each reply the rules are tried from the first line on, and the first that fires decides.
/// </summary>
/// <example>
/// <code>
/// # A third of the readers' servers greylist.
/// at rcpt share 0.3 first 1 per recipient reply 450 4.2.1 Greylisted, try again later
/// at dot every 200 keep drop
/// at connect connection */8 tarpit 50ms
/// </code>
/// </example>
public static class FaultScriptReader
{
    /// <summary>The longest script, in UTF-16 units: 262,144.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>The most rules, since each is asked about every reply: 1,000.</summary>
    public const int MaxRules = 1_000;

    /// <summary>Reads a whole script.</summary>
    public static FaultScriptOutcome Read(string text)
    {
        if (text.Length > MaxLength)
            return new FaultScriptOutcome.Refused([new FaultScriptError(1, 1, $"Expected a script of at most {MaxLength} characters, found {text.Length}.")]);

        var lines = new List<FaultLine>();
        var errors = new List<FaultScriptError>();
        var number = 0;
        foreach (var line in text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (line.AsSpan().Trim() is { IsEmpty: false } rule && rule[0] != '#')
                ReadLine(line, number, lines, errors);
        }

        return errors.Count > 0 ? new FaultScriptOutcome.Refused(errors) : new FaultScriptOutcome.Read(new FaultPlan(lines));
    }

    private static void ReadLine(string text, int number, List<FaultLine> lines, List<FaultScriptError> errors)
    {
        var control = text.TakeWhile(c => c == '\t' || !char.IsControl(c)).Count();
        if (control < text.Length)
        {
            errors.Add(new FaultScriptError(number, control + 1, "Expected text, found a control character."));
            return;
        }

        var parser = new FaultLineParser(text, number);
        var line = parser.Read();
        if (parser.Error is { } error)
            errors.Add(error);
        else if (lines.Count == MaxRules)
            errors.Add(new FaultScriptError(number, 1, $"Expected at most {MaxRules} rules, found more."));
        else
            lines.Add(line);
    }
}
