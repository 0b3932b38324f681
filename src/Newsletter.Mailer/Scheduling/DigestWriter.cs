using System.Globalization;
using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Scheduling;

/// <summary>
/// Writes a digest as an author would: front matter and Markdown. From there on it is an edition like any other. What other editions say is
/// put in as text: every mark of Markdown escaped, and braces are no slots (<c>template: off</c>).
/// </summary>
internal static class DigestWriter
{
    /// <summary>More would be longer than mail clients show: the rest is in the archive.</summary>
    public const int MostTold = 50;

    private const int LongestTitle = 300;
    private const int LongestPreheader = 150;

    /// <summary>Writes it in the newsletter's language; in English where there are no words of that.</summary>
    /// <param name="newsletter">Whose digest it is.</param>
    /// <param name="month">First day of the month.</param>
    /// <param name="entries">What it tells of, in this order; at least one.</param>
    /// <param name="site">Where links lead.</param>
    /// <param name="slug">Its part of the edition's public URL; null: the month's.</param>
    public static WrittenDigest Write(NewsletterProfile newsletter, DateOnly month, IReadOnlyList<DigestEntry> entries, PublicSite site, string? slug = null)
    {
        var words = Phrases.For(newsletter.Language);
        slug ??= SlugOf(month);
        var title = Cut(words.Text("digest.title", ("month", words.Month(month))), LongestTitle);
        var subject = Cut(Line(words.Text("digest.subject", ("newsletter", newsletter.Name), ("month", words.Month(month)))), LongestTitle);
        var preheader = Cut(string.Join(" · ", entries.Select(entry => Line(entry.Title))), LongestPreheader);
        var source = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"---\nnewsletter: {newsletter.Slug}\ntitle: {Quoted(title)}\nsubject: {Quoted(subject)}\n")
            .Append(CultureInfo.InvariantCulture, $"preheader: {Quoted(preheader)}\nslug: {slug}\ntemplate: off\n---\n\n")
            .Append(Text(words.Text("digest.lead", ("newsletter", newsletter.Name)))).Append('\n');
        foreach (var entry in entries.Take(MostTold))
            Tell(source, entry, newsletter, words, site);
        source.Append("\n---\n");
        if (entries.Count > MostTold)
            source.Append(CultureInfo.InvariantCulture, $"\n[{Text(words.Text("digest.more"))}]({site.Archive(newsletter.Slug)})\n");
        source.Append('\n').Append(Text(words.Text("digest.after"))).Append('\n');
        return new WrittenDigest(slug, title, subject, preheader, source.ToString());
    }

    /// <summary>What a month's digest is called in URLs, unless another edition is called so already.</summary>
    public static string SlugOf(DateOnly month) => month.ToString("'digest-'yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>A preheader as it reads to someone of whom nothing is known; null where nothing is left of it.</summary>
    /// <param name="preheader">As its author wrote it.</param>
    /// <param name="hasSlots">Whether braces in it are slots.</param>
    public static string? Plain(string? preheader, bool hasSlots) =>
        !hasSlots ? preheader : EditionTitle.FromSubject(preheader)?.Replace(@"\{", "{", StringComparison.Ordinal);

    private static void Tell(StringBuilder source, DigestEntry entry, NewsletterProfile newsletter, Phrases words, PublicSite site)
    {
        source.Append(CultureInfo.InvariantCulture, $"\n## [{Text(entry.Title)}]({site.Edition(newsletter.Slug, entry.Slug)})\n\n");
        if (!string.IsNullOrWhiteSpace(entry.Preheader))
            source.Append(Text(entry.Preheader)).Append("\n\n");
        var zone = LocalTime.FindZone(newsletter.TimeZone) ?? TimeZoneInfo.Utc;
        var day = words.Day(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(entry.SentAt, zone).DateTime));
        source.Append(CultureInfo.InvariantCulture, $"{Text($"#{entry.Number} · {day}{(entry.Tier == "premium" ? " · Premium" : "")}")}\n");
    }

    // Every ASCII mark may stand behind a backslash (CommonMark §2.4), and none of them means anything there.
    private static string Text(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in Line(text))
        {
            if (char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c)))
                escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    private static string Line(string text) => UnsafeCharacters.Strip(text).Trim();

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Cut(string text, int longest) =>
        text.Length <= longest ? text : text[..(char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1)].TrimEnd() + "…";
}
