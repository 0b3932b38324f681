namespace Newsletter.Mailer.Rendering;

/// <summary>A link of an edition, as written (slots unfilled).</summary>
/// <param name="Url">http, https or mailto.</param>
/// <param name="Line">Line of the whole file.</param>
/// <param name="Column">Column of that line.</param>
public sealed record EditionLink(string Url, int Line, int Column);
