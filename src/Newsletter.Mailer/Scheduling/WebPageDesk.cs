using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>Makes the pages of issues that were frozen before pages were kept, when somebody first asks for them.</summary>
public sealed partial class WebPageDesk(WebPageStore pages, NewsletterStore newsletters, PublicSite site, ILogger<WebPageDesk> log)
{
    /// <summary>Makes those that are missing. May be run by several at once: the first is kept.</summary>
    public async Task MakeAsync(IReadOnlyCollection<long> issues, CancellationToken stop)
    {
        foreach (var issue in await pages.MissingAsync(issues, stop))
            if (await newsletters.GetAsync(issue.NewsletterId, stop) is { } newsletter)
                await pages.InsertAsync(issue.IssueId, Make(issue, newsletter), stop);
    }

    private WebEdition Make(UnpagedIssue issue, NewsletterProfile newsletter)
    {
        var sent = LocalTime.InZone(issue.SentAt, newsletter.TimeZone);
        if (EditionDocument.Parse(issue.Source, FrontMatterRules.Edition) is EditionParseOutcome.Read(var edition)
            && EditionRenderer.Render(Request(issue, newsletter, edition, sent)) is RenderOutcome.Rendered(var rendered, _))
            return rendered.ToWeb();
        LogUnreadable(issue.IssueId);
        return new WebEdition
        {
            Language = newsletter.Language,
            Day = DateOnly.FromDateTime(sent.DateTime),
            Description = "",
            Gate = issue.Tier == "premium" ? WebEdition.Premium : WebEdition.Unreadable,
        };
    }

    // Which attributes and segments there were then isn't known any more, and doesn't matter: each stands at its default.
    private RenderRequest Request(UnpagedIssue issue, NewsletterProfile newsletter, EditionDocument edition, DateTimeOffset sent) => new()
    {
        Edition = edition with { Number = edition.Number ?? issue.Number },
        Newsletter = newsletter,
        PublicUrl = site.Url,
        SentAt = sent,
        KnownAttributes = null,
        Segments = null,
    };

    [LoggerMessage(1, LogLevel.Warning, "Issue {IssueId} was frozen by an earlier version and can't be rendered for the web any more: its page has no text")]
    private partial void LogUnreadable(long issueId);
}
