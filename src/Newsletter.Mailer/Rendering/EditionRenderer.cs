using Markdig.Syntax;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.PlainText;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Rendering;

/// <summary>Edition → subject, HTML and text with slots. Pure: no SQL, clock, network or files.</summary>
public static class EditionRenderer
{
    // Nobody reads more, and a file of braces alone would have hundreds of thousands.
    private const int MaxProblems = 200;

    private const int MaxLinks = 2000;
    private const int MaxHtml = 512 * 1024;
    private const int MaxTags = 20_000;

    /// <summary>Renders an edition, or says everything that keeps it from being rendered.</summary>
    public static RenderOutcome Render(RenderRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var problems = new List<RenderProblem>();
        var rendered = Render(request, problems);
        var sorted = problems.Distinct()
            .OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)
            .Take(MaxProblems)
            .ToList();
        return rendered is null ? new RenderOutcome.Refused(sorted) : new RenderOutcome.Rendered(rendered, sorted);
    }

    private static RenderedEdition? Render(RenderRequest request, List<RenderProblem> problems)
    {
        var edition = request.Edition;
        var theme = FindTheme(request, problems);
        var table = new SlotTable();
        var reader = new SlotReader(EditionFacts.Scope(request), table, edition.IsForeign, problems);

        var body = ReadBody(edition, table, reader, problems);
        var subject = LineSource.Prepare(edition.Subject, edition.SubjectAt, edition, table, problems);
        var preheader = LineSource.Prepare(edition.Preheader ?? "", edition.PreheaderAt, edition, table, problems);
        RefuseSlotsInTitle(edition, problems);
        reader.CheckAll();
        var html = body is null ? "" : WriteHtml(body, edition, problems);
        if (body is null || theme is null || problems.Exists(problem => problem.Severity == RenderSeverity.Error))
            return null;

        WarnOfMissing(request, problems);
        var page = new EditionPage(request, theme, table);
        return new RenderedEdition(
            request, body.Links, reader.Read(subject), reader.Read(page.Html(body, html, preheader)), reader.Read(page.Text(body)));
    }

    private static Theme? FindTheme(RenderRequest request, List<RenderProblem> problems)
    {
        var name = request.Edition.Theme ?? request.Newsletter.Theme;
        if (ThemeCatalog.TryFind(name, out var theme))
            return theme;

        problems.Add(new RenderProblem(
            RenderSeverity.Error, 1, 1,
            $"There is no theme \"{UnsafeCharacters.Strip(name)}\". Themes are {string.Join(", ", ThemeCatalog.Names)}; correct \"theme\" in the {(request.Edition.Theme is null ? "newsletter's settings" : "front matter")}."));
        return null;
    }

    private static BodyTree? ReadBody(EditionDocument edition, SlotTable table, SlotReader reader, List<RenderProblem> problems)
    {
        // Every possible link is tried against the rest of the text: thousands would take minutes.
        if (edition.Body.AsSpan().Count("](") > MaxLinks)
        {
            problems.Add(new RenderProblem(RenderSeverity.Error, edition.BodyLine, 1, $"The edition has more than {MaxLinks} links. Take some out."));
            return null;
        }

        try
        {
            var lines = new LineIndex(edition.Body, edition.BodyLine);
            return BodyTree.Read(BodySource.Prepare(edition, table, problems), table, new LinkRules(table, reader, problems), lines);
        }
        catch (ArgumentException tooDeep) when (tooDeep.Message.Contains("depth", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add(new RenderProblem(RenderSeverity.Error, edition.BodyLine, 1, "Lists, quotes or emphasis are nested too deeply to be read. Take some levels out."));
            return null;
        }
    }

    // Short Markdown can be long HTML; what is far beyond any mail is not worth the work of shaping it.
    private static string WriteHtml(BodyTree body, EditionDocument edition, List<RenderProblem> problems)
    {
        var html = BodyHtml.Write(body);
        if (html.Length > MaxHtml || html.AsSpan().Count('<') > MaxTags)
            problems.Add(new RenderProblem(
                RenderSeverity.Error, edition.BodyLine, 1,
                $"The edition is far longer than any mail: {html.Length / 1024} KB of HTML before styling, where Gmail clips at 102 KB. Split it into several editions."));
        return html;
    }

    private static void RefuseSlotsInTitle(EditionDocument edition, List<RenderProblem> problems)
    {
        if (edition.Template && edition.Title?.Contains("{{", StringComparison.Ordinal) == true && edition.TitleAt != edition.SubjectAt)
            problems.Add(new RenderProblem(
                RenderSeverity.Error, edition.TitleAt.Line, edition.TitleAt.Column,
                "The title stands in the archive too, so it holds no slots. Put the slot into \"subject\" and give \"title\" without it."));
    }

    private static void WarnOfMissing(RenderRequest request, List<RenderProblem> problems)
    {
        if (string.IsNullOrWhiteSpace(request.Newsletter.PostalAddress))
            problems.Add(new RenderProblem(RenderSeverity.Warning, 1, 1, "The newsletter has no postal address. Every issue must show one (CAN-SPAM), so it can't be sent yet."));
        if (string.IsNullOrWhiteSpace(request.Edition.Body))
            problems.Add(new RenderProblem(RenderSeverity.Warning, request.Edition.BodyLine, 1, "The edition has no text."));
    }
}
