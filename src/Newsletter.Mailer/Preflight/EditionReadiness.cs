using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Preflight;

/// <summary>Whether an edition can be sent at all: asked when it is scheduled, so that its author learns it in time, and again at the freeze.</summary>
public abstract record EditionReadiness
{
    private EditionReadiness()
    {
    }

    /// <summary>It can be sent as it stands.</summary>
    /// <param name="Rendered">What is sent.</param>
    /// <param name="Segment">Whom to; null: everyone of the tier.</param>
    public sealed record Ready(RenderedEdition Rendered, Segment? Segment = null) : EditionReadiness;

    /// <summary>It can't: each problem is a sentence that says where and what to do.</summary>
    public sealed record NotReady(IReadOnlyList<string> Problems) : EditionReadiness;

    /// <summary>Reads and renders the edition and looks at what its newsletter lacks.</summary>
    /// <param name="source">The edition's document.</param>
    /// <param name="newsletter">Its sender.</param>
    /// <param name="publicUrl">Root of all links.</param>
    /// <param name="sentAt">The time it is to carry.</param>
    /// <param name="knownAttributes">Attributes that some subscriber has.</param>
    /// <param name="number">Number the edition is kept under, for a document that names none; null of a digest.</param>
    /// <param name="segments">The newsletter's segments.</param>
    /// <param name="sizeForced">Whether its author wants it sent however large it is.</param>
    /// <param name="isTest">A test goes to a few who know: what only keeps an edition from its readers is let through.</param>
    /// <param name="pictures">What relative paths of images stand for.</param>
    public static EditionReadiness Check(
        string source, NewsletterProfile newsletter, Uri publicUrl, DateTimeOffset sentAt, IReadOnlyCollection<string> knownAttributes, int? number,
        IReadOnlyList<Segment>? segments = null, bool sizeForced = false, bool isTest = false, PictureBook? pictures = null)
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
        var segment = edition.Segment is { } named ? (segments ?? []).FirstOrDefault(known => known.IsCalled(named)) : null;
        if (edition.Segment is not null && segment is null)
            problems.Add(At(edition.SegmentAt.Line, edition.SegmentAt.Column, NoSegment(edition.Segment, newsletter, segments ?? [])));

        var request = new RenderRequest
        {
            Edition = edition with { Number = edition.Number ?? number },
            Newsletter = newsletter,
            PublicUrl = publicUrl,
            SentAt = sentAt,
            KnownAttributes = knownAttributes,
            Segments = segments ?? [],
            IsMeasured = !isTest,
            // Digests stand nowhere on the web.
            HasWebEdition = !isTest && number is not null,
            Pictures = pictures,
        };
        switch (EditionRenderer.Render(request))
        {
            case RenderOutcome.Rendered rendered when problems.Count == 0:
                if (!isTest)
                    problems.AddRange(EditionPreflight.Errors(source, rendered.Edition, sizeForced).Select(found => found.ToSentence()));
                if (problems.Count == 0)
                    return new Ready(rendered.Edition, segment);
                break;
            case RenderOutcome.Refused refused:
                problems.AddRange(refused.Problems
                    .Where(problem => problem.Severity == RenderSeverity.Error)
                    .Select(problem => At(problem.Line, problem.Column, problem.Message)));
                break;
        }

        return new NotReady(problems);
    }

    private static string NoSegment(string name, NewsletterProfile newsletter, IReadOnlyList<Segment> segments)
    {
        var nearest = NearestName.To(name, segments.Select(segment => segment.Slug)) ?? NearestName.To(name, segments.Select(segment => segment.Name));
        return $"The newsletter '{newsletter.Slug}' has no segment '{name}'. {(nearest is null ? "Make it at /api/segments" : $"Did you mean '{nearest}'? Correct it")}, or take the line out to send to everyone of the tier.";
    }

    private static string At(int line, int column, string message) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {line}, column {column}: {message}");
}
