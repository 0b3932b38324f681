namespace Newsletter.Mailer.Rendering;

/// <summary>Edition → subject, HTML and text with slots. Pure: no SQL, clock, network or files.</summary>
public static class EditionRenderer
{
    /// <summary>Renders an edition, or says everything that keeps it from being rendered.</summary>
    public static RenderOutcome Render(RenderRequest request) => throw new NotSupportedException("Rendering lands in a following commit.");
}
