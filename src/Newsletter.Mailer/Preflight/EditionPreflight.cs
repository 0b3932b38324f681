using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Preflight.Checks;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Preflight;

/// <summary>Everything that can be said about an edition before it goes out. Pure: what is behind its links is asked by others.</summary>
public static class EditionPreflight
{
    // Said with a code of their own below.
    private static readonly string[] s_saidBelow = ["The newsletter has no postal address.", "The edition has no text."];

    /// <summary>Reads, renders and looks.</summary>
    public static PreflightReport Check(PreflightRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var found = new FindingList();
        var parsed = EditionDocument.Parse(request.Source, Rules(request));
        if (parsed is EditionParseOutcome.Refused refused)
        {
            foreach (var error in refused.Errors)
                found.Add("front-matter", error.Message, "Correct it.", new SourcePosition(error.Line, error.Column));
            return new PreflightReport(found.Sorted(), [], null);
        }

        var edition = ((EditionParseOutcome.Read)parsed).Edition;
        var newsletter = request.Newsletter ?? EditionPreview.MadeUp(edition.Newsletter);
        SenderChecks.Look(request, edition, newsletter, found);
        return Render(request, edition, newsletter, found) is { } rendered
            ? Looked(new PreflightSubject(request, rendered), found)
            : new PreflightReport(found.Sorted(), [], null);
    }

    /// <summary>The errors of an edition that can be rendered: what else keeps it from going out.</summary>
    public static IReadOnlyList<PreflightFinding> Errors(string source, RenderedEdition rendered, bool sizeForced)
    {
        ArgumentNullException.ThrowIfNull(rendered);
        var found = new FindingList();
        var subject = new PreflightSubject(new PreflightRequest { Source = source, Now = rendered.Request.SentAt, SizeForced = sizeForced }, rendered);
        SizeChecks.Look(subject, found);
        DutyChecks.Look(subject, found);
        SubjectChecks.Look(subject, found);
        LeftoverChecks.Look(subject, found);
        return [.. found.Sorted().Where(finding => finding.Severity == CheckSeverity.Error)];
    }

    private static PreflightReport Looked(PreflightSubject subject, FindingList found)
    {
        SizeChecks.Look(subject, found);
        DutyChecks.Look(subject, found);
        SubjectChecks.Look(subject, found);
        LinkChecks.Look(subject, found);
        ImageChecks.Look(subject, found);
        ContrastChecks.Look(subject, found);
        LeftoverChecks.Look(subject, found);
        AudienceChecks.Look(subject, found);
        ScheduleChecks.Look(subject, found);
        return new PreflightReport(found.Sorted(), CheckedAddress.Of(subject), subject.Rendered) { OwnImageBytes = ImageChecks.OwnWeight(subject) };
    }

    private static FrontMatterRules Rules(PreflightRequest request) => request switch
    {
        { BodyOnly: true } => FrontMatterRules.ForeignBody,
        { Newsletter: null } => FrontMatterRules.Preview,
        _ => FrontMatterRules.Edition,
    };

    private static RenderedEdition? Render(PreflightRequest request, EditionDocument edition, NewsletterProfile newsletter, FindingList found)
    {
        var outcome = EditionRenderer.Render(new RenderRequest
        {
            Edition = edition with { Number = edition.Number ?? request.Number, Theme = request.Theme ?? edition.Theme },
            Newsletter = newsletter,
            PublicUrl = request.PublicUrl,
            SentAt = request.SendAt ?? request.Now,
            KnownAttributes = request.KnownAttributes,
            Segments = request.Segments,
            Pictures = request.Pictures,
            HasWebEdition = request.Number is not null,
        });
        var problems = outcome switch
        {
            RenderOutcome.Rendered { Warnings: var warnings } => warnings,
            RenderOutcome.Refused { Problems: var all } => all,
            _ => throw new InvalidOperationException("Rendering gave an outcome that isn't known."),
        };
        foreach (var problem in problems.Where(problem => !s_saidBelow.Any(said => problem.Message.StartsWith(said, StringComparison.Ordinal))))
            found.Add(CodeOf(problem), problem.Message, RemedyOf(problem), new SourcePosition(problem.Line, problem.Column));
        return (outcome as RenderOutcome.Rendered)?.Edition;
    }

    // The renderer tells some of what has a code of its own.
    private static string CodeOf(RenderProblem problem) =>
        problem.Message.Contains("no link to {{ unsubscribe_url }}", StringComparison.Ordinal) ? "unsubscribe-missing"
        : problem.Message.Contains("doesn't show {{ postal_address }}", StringComparison.Ordinal) ? "postal-address-missing"
        : problem.Severity == RenderSeverity.Error ? "rendering"
        : problem.Message.Contains("leads nowhere from a mail", StringComparison.Ordinal) ? "link-missing"
        : "dialect";

    private static string RemedyOf(RenderProblem problem) =>
        problem.Severity == RenderSeverity.Error ? "It can't be rendered until it is corrected." : "Correct it, unless it is meant.";
}
