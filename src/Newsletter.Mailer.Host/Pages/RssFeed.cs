using System.Globalization;
using System.Text;
using System.Xml;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>RSS 2.0 (rssboard.org/rss-specification) with the whole text in <c>content:encoded</c>.</summary>
internal static class RssFeed
{
    private const string Atom = "http://www.w3.org/2005/Atom";
    private const string Content = "http://purl.org/rss/1.0/modules/content/";
    private const string DublinCore = "http://purl.org/dc/elements/1.1/";

    public static FeedFormat Format { get; } = new("feed.xml", "application/rss+xml; charset=utf-8", static (site, newsletter) => site.Rss(newsletter), Write);

    private static string Write(Feed feed)
    {
        var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, NewLineChars = "\n" }))
        {
            xml.WriteStartElement("rss");
            xml.WriteAttributeString("version", "2.0");
            xml.WriteAttributeString("xmlns", "atom", null, Atom);
            xml.WriteAttributeString("xmlns", "content", null, Content);
            xml.WriteAttributeString("xmlns", "dc", null, DublinCore);
            xml.WriteStartElement("channel");
            WriteChannel(xml, feed);
            foreach (var edition in feed.Editions)
                WriteItem(xml, feed, edition);
        }

        return text.ToString();
    }

    private static void WriteChannel(XmlWriter xml, Feed feed)
    {
        Write(xml, "title", feed.Newsletter.Name);
        Write(xml, "link", feed.Site.Archive(feed.Newsletter.Slug));
        Write(xml, "description", feed.About);
        Write(xml, "language", feed.Newsletter.Language);
        if (feed.Editions is [var newest, ..])
            Write(xml, "lastBuildDate", Date(newest.SentAt));
        Write(xml, "generator", "Newsletter.Mailer");
        xml.WriteStartElement("atom", "link", Atom);
        xml.WriteAttributeString("rel", "self");
        xml.WriteAttributeString("type", "application/rss+xml");
        xml.WriteAttributeString("href", feed.Site.Rss(feed.Newsletter.Slug));
        xml.WriteEndElement();
    }

    private static void WriteItem(XmlWriter xml, Feed feed, PublishedIssue edition)
    {
        xml.WriteStartElement("item");
        Write(xml, "title", edition.Title);
        Write(xml, "link", feed.Address(edition));
        Write(xml, "guid", feed.Address(edition));
        Write(xml, "pubDate", Date(edition.SentAt));
        if (edition.Author is { Length: > 0 } author)
            xml.WriteElementString("dc", "creator", DublinCore, Known(author));
        if (feed.Summary(edition) is { Length: > 0 } summary)
            Write(xml, "description", summary);
        if (feed.Text(edition) is { } whole)
            xml.WriteElementString("content", "encoded", Content, Known(whole));
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, string name, string text) => xml.WriteElementString(name, Known(text));

    // RFC 822, with the zone as RSS readers have always liked it.
    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("R", CultureInfo.InvariantCulture);

    // XML has no word for control characters, not even an escaped one.
    private static string Known(string text)
    {
        if (text.All(XmlConvert.IsXmlChar))
            return text;
        var known = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            if (rune.Value > char.MaxValue || XmlConvert.IsXmlChar((char)rune.Value))
                known.Append(rune);
        return known.ToString();
    }

    private sealed class Utf8Writer() : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
