using System.Globalization;
using System.Text;
using System.Xml;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What search engines may find: the sitemap, and robots.txt that leads there.</summary>
internal static class SitemapPages
{
    private const string Namespace = "http://www.sitemaps.org/schemas/sitemap/0.9";

    /// <summary>A sitemap may have 50,000 URLs, those of the archives among them.</summary>
    private const int MostEditions = 45_000;

    public static void MapSitemapPages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/sitemap.xml", look, ShowSitemap).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/robots.txt", look, ShowRobots).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<KeptAnswer> ShowSitemap(ArchiveStore archive, PublicSite site, CancellationToken stop)
    {
        var editions = await archive.SitemapAsync(MostEditions, stop);
        return new KeptAnswer
        {
            Tag = KeptAnswer.TagOf([
                "sitemap", site.Url.ToString(),
                .. editions.SelectMany(edition => (string[])[edition.Newsletter, edition.Edition, edition.SentAt.UtcTicks.ToString(CultureInfo.InvariantCulture)])]),
            ContentType = "application/xml; charset=utf-8",
            LastModified = editions.Count == 0 ? null : editions[0].SentAt,
            Make = _ => Task.FromResult(Write(editions, site)),
        };
    }

    // Links of single readers are theirs; whoever finds one here and there shouldn't follow it.
    private static KeptAnswer ShowRobots(PublicSite site)
    {
        var path = site.Url.AbsolutePath;
        var text = new StringBuilder("User-agent: *\n");
        foreach (var closed in (string[])["api/", "confirm/", "unsubscribe/", "preferences/"])
            text.Append(CultureInfo.InvariantCulture, $"Disallow: {path}{closed}\n");
        text.Append(CultureInfo.InvariantCulture, $"\nSitemap: {site.Sitemap}\n");
        return new KeptAnswer { Tag = KeptAnswer.TagOf("robots", text.ToString()), ContentType = "text/plain; charset=utf-8", Make = _ => Task.FromResult(text.ToString()) };
    }

    private static string Write(IReadOnlyList<ListedEdition> editions, PublicSite site)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("urlset", Namespace);
            foreach (var newsletter in editions.GroupBy(edition => edition.Newsletter))
                Write(xml, site.Archive(newsletter.Key), newsletter.Max(edition => edition.SentAt));
            foreach (var edition in editions)
                Write(xml, site.Edition(edition.Newsletter, edition.Edition), edition.SentAt);
        }

        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}\n";
    }

    private static void Write(XmlWriter xml, string url, DateTimeOffset changed)
    {
        xml.WriteStartElement("url", Namespace);
        xml.WriteElementString("loc", Namespace, url);
        xml.WriteElementString("lastmod", Namespace, WebTime.Of(changed));
        xml.WriteEndElement();
    }
}
