using AngleSharp.Html.Parser;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>
/// Checks a layout of a newsletter's own as an edition is checked: what is wrong is said with its line and column, before anything is sent.
/// </summary>
public static class LayoutCheck
{
    /// <summary>The longest that is taken, in UTF-16 code units: a mail as a whole has 102 KB.</summary>
    public const int MaxLength = 64 * 1024;

    // Without these nothing may go out (RFC 8058, CAN-SPAM), or there would be nothing to read.
    private static readonly (string Name, string Why)[] Needed =
    [
        ("content", "the edition's text"),
        ("unsubscribe_url", "the way to leave"),
        ("postal_address", "the sender's postal address"),
    ];

    // With all that an edition can have, and with next to nothing.
    private static readonly string[] Samples =
    [
        "---\ntitle: A title\nnumber: 1\nauthor: An author\nsign_off: Yours,\npreheader: A line\n---\nText.[^1]\n\n[^1]: Note.",
        "---\nsubject: A subject\ntier: premium\n---\nText.",
    ];

    /// <summary>Names that a layout may use.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "author", "byline", "content", "date", "direction", "far_side", "footer", "footnotes", "head_css", "language", "logo_dark_url", "logo_url", "logo_width",
        "newsletter_name", "number", "postal_address", "preheader", "preheader_padding", "premium", "sign_off", "title", "title_or_name", "unsubscribe",
        "unsubscribe_url", "web", "web_url", "why", "width",
    ];

    /// <summary>Everything that is wrong with the layout; empty where it can be used.</summary>
    public static IReadOnlyList<RenderProblem> Check(string layout, NewsletterProfile newsletter)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.Length > MaxLength)
            return [Error(1, 1, $"The layout is {layout.Length} characters long; at most {MaxLength} are taken.")];
        if (layout.FirstOrDefault(c => TextRules.IsNonCharacter(c) || char.IsControl(c) && c is not ('\n' or '\r' or '\t')) is var bad && bad != '\0' || layout.Contains('\0', StringComparison.Ordinal))
            return [Error(1, 1, $"The layout holds the invisible character {UnsafeCharacters.Name(bad)}. Take it out.")];

        var template = Template.ParseLiquid(layout);
        if (template.HasErrors)
            return [.. template.Messages.Select(message => Error(message.Span.Start.Line + 1, message.Span.Start.Column + 1, $"{message.Message}. Allowed is Liquid: {{{{ name }}}}, {{% if name %}} … {{% endif %}}."))];

        if (MarkupLimits.Problem(layout) is { } tooMuch)
            return [Error(1, 1, tooMuch)];
        var problems = CheckNames(template);
        problems.AddRange(LayoutSafety.Problems(new HtmlParser(new HtmlParserOptions { IsKeepingSourceReferences = true }).ParseDocument(layout)));
        if (problems.Count == 0)
            problems.AddRange(Samples.Select(sample => TryOut(sample, layout, newsletter)).FirstOrDefault(found => found.Count > 0) ?? []);
        return [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];
    }

    private static List<RenderProblem> CheckNames(Template template)
    {
        var problems = new List<RenderProblem>();
        var variables = All(template.Page).OfType<ScriptVariableGlobal>().Where(variable => !IsMember(variable)).ToList();
        var own = All(template.Page).Select(node => node switch
        {
            ScriptAssignExpression { Target: ScriptVariable target } => target.Name,
            ScriptForStatement { Variable: ScriptVariable each } => each.Name,
            ScriptCaptureStatement { Target: ScriptVariable target } => target.Name,
            _ => null,
        }).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var variable in variables.Where(variable => !Names.Contains(variable.Name) && !own.Contains(variable.Name) && !LayoutContext.FunctionNames.Contains(variable.Name)))
            problems.Add(Error(
                variable.Span.Start.Line + 1, variable.Span.Start.Column + 1,
                $"Unknown name \"{variable.Name}\". {(NearestName.To(variable.Name, Names) is { } nearest ? $"Did you mean \"{nearest}\"?" : $"Known names are {string.Join(", ", Names)}, and the functions {string.Join(", ", LayoutContext.FunctionNames)}.")}"));
        foreach (var (name, why) in Needed.Where(needed => !variables.Exists(variable => variable.Name == needed.Name)))
            problems.Add(Error(1, 1, $"The layout shows no {{{{ {name} }}}}: {why}. No issue goes out without it."));
        return problems;
    }

    private static bool IsMember(ScriptVariable variable) => variable.Parent is ScriptMemberExpression { Member: { } member } && ReferenceEquals(member, variable);

    private static IEnumerable<ScriptNode> All(ScriptNode? node)
    {
        if (node is null)
            yield break;
        yield return node;
        for (var i = 0; i < node.ChildrenCount; i++)
            foreach (var inner in All(node.GetChildren(i)))
                yield return inner;
    }

    // Filled as an issue would be: loops without an end, and what only shows once it is filled.
    private static List<RenderProblem> TryOut(string sample, string layout, NewsletterProfile newsletter)
    {
        var edition = ((EditionParseOutcome.Read)EditionDocument.Parse(sample, FrontMatterRules.Edition)).Edition;
        var outcome = EditionRenderer.Render(new RenderRequest
        {
            Edition = edition,
            Newsletter = newsletter with { Layout = layout },
            PublicUrl = new Uri("https://news.example.com"),
            SentAt = DateTimeOffset.UnixEpoch,
            HasWebEdition = true,
        });
        return outcome is RenderOutcome.Refused refused ? [.. refused.Problems.Where(problem => problem.Severity == RenderSeverity.Error)] : [];
    }

    private static RenderProblem Error(int line, int column, string message) => new(RenderSeverity.Error, line, column, message);
}
