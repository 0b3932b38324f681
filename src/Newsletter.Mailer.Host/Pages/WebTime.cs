using System.Globalization;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Instants as pages, feeds and sitemaps write them for machines (RFC 3339), in UTC and to the second.</summary>
internal static class WebTime
{
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
