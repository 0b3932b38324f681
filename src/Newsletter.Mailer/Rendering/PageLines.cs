using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>The lines of the front matter that may hold slots, with tokens where slots stood.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Preheader">Empty where there is none.</param>
/// <param name="SignOff">Empty where there is none.</param>
internal sealed record PageLines(string Subject, string Preheader, string SignOff)
{
    public static PageLines Prepare(EditionDocument edition, SlotTable table, List<RenderProblem> problems) => new(
        LineSource.Prepare(edition.Subject, edition.SubjectAt, edition, table, problems),
        LineSource.Prepare(edition.Preheader ?? "", edition.PreheaderAt, edition, table, problems),
        LineSource.Prepare(edition.SignOff ?? "", edition.SignOffAt, edition, table, problems));
}
