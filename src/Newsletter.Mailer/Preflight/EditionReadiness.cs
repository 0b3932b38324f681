using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Preflight;

/// <summary>Whether an edition can be sent at all: asked when it is scheduled, so that its author learns it in time, and again at the freeze.</summary>
public abstract record EditionReadiness
{
    private EditionReadiness()
    {
    }

    /// <summary>It can be sent as it stands.</summary>
    public sealed record Ready(RenderedEdition Rendered) : EditionReadiness;

    /// <summary>It can't: each problem is a sentence that says where and what to do.</summary>
    public sealed record NotReady(IReadOnlyList<string> Problems) : EditionReadiness;

    /// <summary>Reads and renders the edition and looks at what its newsletter lacks.</summary>
    /// <param name="source">The edition's document.</param>
    /// <param name="newsletter">Its sender.</param>
    /// <param name="publicUrl">Root of all links.</param>
    /// <param name="sentAt">The time it is to carry.</param>
    /// <param name="knownAttributes">Attributes that some subscriber has.</param>
    /// <param name="number">Number the edition is kept under, for a document that names none.</param>
    public static EditionReadiness Check(string source, NewsletterProfile newsletter, Uri publicUrl, DateTimeOffset sentAt, IReadOnlyCollection<string> knownAttributes, int number)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(newsletter.PostalAddress))
            problems.Add($"The newsletter '{newsletter.Slug}' has no postal address, and no issue may go out without one (CAN-SPAM, 15 U.S.C. §7704(a)(5)): set its postal_address.");

        var parsed = EditionDocument.Parse(source, FrontMatterRules.Edition);
        if (parsed is EditionParseOutcome.Refused { Errors: var errors })
        {
            problems.AddRange(errors.Select(error => At(error.Line, error.Column, error.Message)));
            return new NotReady(problems);
        }

        var edition = ((EditionParseOutcome.Read)parsed).Edition;
        if (edition.Segment is { } segment)
            problems.Add($"The front matter asks for the segment '{segment}', and there is no such segment: take the line out to send to everyone of the tier.");

        var request = new RenderRequest
        {
            Edition = edition with { Number = edition.Number ?? number },
            Newsletter = newsletter,
            PublicUrl = publicUrl,
            SentAt = sentAt,
            KnownAttributes = knownAttributes,
        };
        switch (EditionRenderer.Render(request))
        {
            case RenderOutcome.Rendered rendered when problems.Count == 0:
                return new Ready(rendered.Edition);
            case RenderOutcome.Refused refused:
                problems.AddRange(refused.Problems
                    .Where(problem => problem.Severity == RenderSeverity.Error)
                    .Select(problem => At(problem.Line, problem.Column, problem.Message)));
                break;
        }

        return new NotReady(problems);
    }

    private static string At(int line, int column, string message) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {line}, column {column}: {message}");
}
