namespace Newsletter.Mailer.Editions;

/// <summary>Why an edition's file cannot be read.</summary>
/// <param name="Line">Line of the whole file, from 1.</param>
/// <param name="Column">Column of that line, from 1.</param>
/// <param name="Key">The front matter key it is about, as written; null where it is about the file.</param>
/// <param name="Message">What was wrong and what to do, for the author.</param>
public sealed record FrontMatterError(int Line, int Column, string? Key, string Message);

/// <summary>What reading an edition's file gave.</summary>
public abstract record EditionParseOutcome
{
    private EditionParseOutcome()
    {
    }

    /// <summary>The file could be read.</summary>
    public sealed record Read(EditionDocument Edition) : EditionParseOutcome;

    /// <summary>The file could not be read; every error that was found, in the order of the lines.</summary>
    public sealed record Refused(IReadOnlyList<FrontMatterError> Errors) : EditionParseOutcome;
}
