using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>JSON Feed 1.1 (jsonfeed.org/version/1.1).</summary>
internal static class JsonFeed
{
    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All), WriteIndented = true };

    public static FeedFormat Format { get; } = new("feed.json", "application/feed+json; charset=utf-8", static (site, newsletter) => site.JsonFeed(newsletter), Write);

    private static string Write(Feed feed) => new JsonObject
    {
        ["version"] = "https://jsonfeed.org/version/1.1",
        ["title"] = feed.Newsletter.Name,
        ["home_page_url"] = feed.Site.Archive(feed.Newsletter.Slug),
        ["feed_url"] = feed.Site.JsonFeed(feed.Newsletter.Slug),
        ["description"] = feed.About,
        ["language"] = feed.Newsletter.Language,
        ["items"] = new JsonArray([.. feed.Editions.Select(edition => Item(feed, edition))]),
    }.ToJsonString(json);

    private static JsonObject Item(Feed feed, PublishedIssue edition)
    {
        var item = new JsonObject
        {
            ["id"] = feed.Address(edition),
            ["url"] = feed.Address(edition),
            ["title"] = edition.Title,
            ["date_published"] = WebTime.Of(edition.SentAt),
        };
        // One of the two texts must be there.
        if (feed.Text(edition) is { } whole)
            item["content_html"] = whole;
        else
            item["content_text"] = feed.Summary(edition);
        if (feed.Summary(edition) is { Length: > 0 } summary)
            item["summary"] = summary;
        if (edition.Author is { Length: > 0 } author)
            item["authors"] = new JsonArray(new JsonObject { ["name"] = author });
        if (edition.Language is { } language)
            item["language"] = language;
        return item;
    }
}
