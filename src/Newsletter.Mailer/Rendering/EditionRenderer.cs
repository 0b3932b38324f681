using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Targets;
using Newsletter.Mailer.Rendering.Themes;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering;

/// <summary>Edition → subject, HTML and text with slots, once for each variant. Pure: no SQL, clock, network or files.</summary>
public static class EditionRenderer
{
    // Nobody reads more, and a file of braces alone would have hundreds of thousands.
    private const int MaxProblems = 200;

    private const int MaxLinks = 2000;

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

        var body = ReadBody(request, table, reader, problems);
        var lines = PageLines.Prepare(edition, table, problems);
        RefuseSlotsInTitle(edition, problems);
        foreach (var line in (string[])[lines.Subject, lines.Preheader, lines.SignOff])
            TagPlaces.Check(line, table, reader);
        reader.CheckAll();
        var variants = body is null ? null : UnlessTooDeep(request, problems, () => EditionVariants.Of(body, request, table, problems));
        if (body is null || variants is null || theme is null || HasErrors(problems))
            return null;

        WarnOfMissing(request, problems);
        var targets = new LinkTargets(request, table, reader);
        var page = new EditionPage(request, theme, table, lines, targets);
        var rendered = UnlessTooDeep(request, problems, () => RenderAll(variants, page, reader, lines, problems));
        return rendered is null || HasErrors(problems) ? null : new RenderedEdition(request, body.Whole.Links, targets.Measured, variants.Questions, [.. variants.Polls], rendered, () => variants.ToWeb(table, reader, lines));
    }

    private static IReadOnlyList<RenderedVariant>? RenderAll(EditionVariants variants, EditionPage page, SlotReader reader, PageLines lines, List<RenderProblem> problems)
    {
        try
        {
            return variants.Render(page, reader, lines);
        }
        catch (LayoutRefusedException refused)
        {
            problems.Add(new RenderProblem(RenderSeverity.Error, 1, 1, refused.Message));
        }
        catch (ScriptRuntimeException failed)
        {
            problems.Add(new RenderProblem(
                RenderSeverity.Error, failed.Span.Start.Line + 1, failed.Span.Start.Column + 1, $"The newsletter's layout can't be filled: {failed.OriginalMessage}. Correct the layout."));
        }

        return null;
    }

    private static bool HasErrors(List<RenderProblem> problems) => problems.Exists(problem => problem.Severity == RenderSeverity.Error);

    private static Theme? FindTheme(RenderRequest request, List<RenderProblem> problems)
    {
        var name = request.Edition.Theme ?? request.Newsletter.Theme;
        if (ThemeCatalog.TryFind(name, request.Newsletter.Design, request.Newsletter.Layout, out var theme))
            return theme;

        problems.Add(new RenderProblem(
            RenderSeverity.Error, 1, 1,
            $"There is no theme \"{UnsafeCharacters.Strip(name)}\". Themes are {string.Join(", ", ThemeCatalog.Names)}; correct \"theme\" in the {(request.Edition.Theme is null ? "newsletter's settings" : "front matter")}."));
        return null;
    }

    private static EditionBody? ReadBody(RenderRequest request, SlotTable table, SlotReader reader, List<RenderProblem> problems)
    {
        if (HasTooManyLinks(request.Edition.Body))
        {
            problems.Add(new RenderProblem(RenderSeverity.Error, request.Edition.BodyLine, 1, $"The edition has more than {MaxLinks} links. Take some out."));
            return null;
        }

        return UnlessTooDeep(request, problems, () => EditionBody.Read(request, table, reader, problems));
    }

    // Every possible link is tried against the rest of the text: thousands would take minutes. A written one holds one address that might be bare.
    private static bool HasTooManyLinks(ReadOnlySpan<char> body)
    {
        var written = body.Count("](");
        return written > MaxLinks || body.Count("www.") + body.Count("://") > MaxLinks + written;
    }

    // Each step has a limit of its own, and says so in this way only.
    private static T? UnlessTooDeep<T>(RenderRequest request, List<RenderProblem> problems, Func<T?> step)
        where T : class
    {
        try
        {
            return step();
        }
        catch (ArgumentException tooDeep) when (tooDeep.Message.Contains("depth", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add(new RenderProblem(RenderSeverity.Error, request.Edition.BodyLine, 1, "Lists, quotes, containers or emphasis are nested too deeply to be read. Take some levels out."));
            return null;
        }
    }

    private static void RefuseSlotsInTitle(EditionDocument edition, List<RenderProblem> problems)
    {
        if (edition.Template && edition.Title is { } title && (title.Contains("{{", StringComparison.Ordinal) || title.Contains("{%", StringComparison.Ordinal)))
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
