namespace Newsletter.Mailer.Rendering;

/// <summary>How much a problem matters.</summary>
public enum RenderSeverity
{
    /// <summary>Worth a look; the edition can be sent.</summary>
    Warning,

    /// <summary>The edition cannot be rendered.</summary>
    Error,
}

/// <summary>Something an author should know about an edition.</summary>
/// <param name="Severity">Whether it keeps the edition from being rendered.</param>
/// <param name="Line">Line of the whole file, front matter included, from 1.</param>
/// <param name="Column">Column of that line, from 1.</param>
/// <param name="Message">What was wrong and what to do.</param>
public sealed record RenderProblem(RenderSeverity Severity, int Line, int Column, string Message);

/// <summary>What rendering gave.</summary>
public abstract record RenderOutcome
{
    private RenderOutcome()
    {
    }

    /// <summary>The edition could be rendered; <paramref name="Warnings"/> may still be worth a look.</summary>
    public sealed record Rendered(RenderedEdition Edition, IReadOnlyList<RenderProblem> Warnings) : RenderOutcome;

    /// <summary>The edition could not be rendered: every problem, at least one of them an error, in the order of the lines.</summary>
    public sealed record Refused(IReadOnlyList<RenderProblem> Problems) : RenderOutcome;
}
