using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Audience;

/// <summary>What a newsletter's measuring must look like.</summary>
public static partial class NewsletterMeasuringRules
{
    private const int MaxTextLength = 200;
    private const int MaxHosts = 50;

    /// <summary>Names that may stand in the texts of a <see cref="UtmRule"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["newsletter.slug", "newsletter.name", "edition.number", "edition.slug", "edition.title", "edition.date"];

    /// <summary>The measuring, put in order; null where nothing is measured or added.</summary>
    public static NewsletterMeasuring? Check(NewsletterMeasuring? draft, List<FieldProblem> problems)
    {
        if (draft is null)
            return null;
        var clicks = string.IsNullOrWhiteSpace(draft.Clicks) ? NewsletterMeasuring.Off : draft.Clicks;
        if (clicks is not (NewsletterMeasuring.Off or NewsletterMeasuring.Anonymous or NewsletterMeasuring.Individual))
            problems.Add(new FieldProblem("measuring.clicks", "It must be off, anonymous or individual."));
        if (draft.Opens == true && clicks == NewsletterMeasuring.Off)
            problems.Add(new FieldProblem("measuring.opens", "Opened mails are counted the way clicks are, which are off: set measuring.clicks to anonymous or individual."));
        var utm = CheckUtm(draft.Utm, problems);
        return clicks == NewsletterMeasuring.Off && utm is null
            ? null
            : new NewsletterMeasuring { Clicks = clicks, Opens = draft.Opens ?? false, Utm = utm };
    }

    private static UtmRule? CheckUtm(UtmRule? draft, List<FieldProblem> problems)
    {
        if (draft is null)
            return null;
        var rule = new UtmRule
        {
            Source = Text("source", draft.Source, problems),
            Medium = Text("medium", draft.Medium, problems),
            Campaign = Text("campaign", draft.Campaign, problems),
            Term = Text("term", draft.Term, problems),
            Content = Text("content", draft.Content, problems),
            Hosts = CheckHosts(draft.Hosts, problems),
        };
        if (rule.Parameters.Any())
            return rule;
        if (rule.Hosts is not null)
            problems.Add(new FieldProblem("measuring.utm", "It names hosts and nothing that their links would get: give source, medium, campaign, term or content."));
        return null;
    }

    private static string? Text(string field, string? raw, List<FieldProblem> problems)
    {
        if (AudienceRules.CheckLine($"measuring.utm.{field}", raw, MaxTextLength, problems) is not { } text)
            return null;
        var rest = Slot().Replace(text, slot =>
        {
            if (!Names.Contains(slot.Groups["name"].Value, StringComparer.Ordinal))
                problems.Add(new FieldProblem($"measuring.utm.{field}", $"There is no {slot.Value} here; names are {string.Join(", ", Names)}."));
            return "";
        });
        if (rest.Contains("{{", StringComparison.Ordinal) || rest.Contains("}}", StringComparison.Ordinal))
            problems.Add(new FieldProblem($"measuring.utm.{field}", "Its braces hold no name: write them as in {{ edition.slug }}."));
        return text;
    }

    private static IReadOnlyList<string>? CheckHosts(IReadOnlyList<string>? raw, List<FieldProblem> problems)
    {
        if (raw is null or [])
            return null;
        if (raw.Count > MaxHosts)
            problems.Add(new FieldProblem("measuring.utm.hosts", $"It lists {raw.Count} hosts, and {MaxHosts} is the limit."));
        var hosts = new List<string>();
        foreach (var host in raw.Take(MaxHosts))
        {
            if (MailDomain.TryParse(host, out var ascii, out _))
                hosts.Add(ascii);
            else
                problems.Add(new FieldProblem("measuring.utm.hosts", "A host is written as example.com, without https:// and path."));
        }

        return hosts;
    }

    /// <summary>A name in braces.</summary>
    [GeneratedRegex(@"\{\{\s*(?<name>[a-z_.]{1,40})\s*\}\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    internal static partial Regex Slot();
}
