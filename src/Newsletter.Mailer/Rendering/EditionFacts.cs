using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>What is the same for every reader of an edition, as people read it.</summary>
internal static partial class EditionFacts
{
    private static readonly string[] RightToLeft = ["ar", "dv", "fa", "he", "iw", "ku", "ps", "sd", "ug", "ur", "yi"];

    public static SlotScope Scope(RenderRequest request)
    {
        var (edition, newsletter) = (request.Edition, request.Newsletter);
        return new SlotScope(request.KnownAttributes, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["newsletter.name"] = newsletter.Name,
            ["newsletter.slug"] = newsletter.Slug,
            ["newsletter.from_address"] = newsletter.FromAddress,
            ["newsletter.reply_to"] = newsletter.ReplyTo ?? newsletter.FromAddress,
            ["newsletter.postal_address"] = newsletter.PostalAddress?.Replace("\n", ", ", StringComparison.Ordinal) ?? "",
            ["newsletter.language"] = newsletter.Language,
            ["edition.number"] = edition.Number?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["edition.title"] = edition.Title ?? "",
            ["edition.subject"] = edition.Subject.Contains("{{", StringComparison.Ordinal) ? edition.Title ?? "" : edition.Subject,
            ["edition.slug"] = edition.Slug,
            ["edition.author"] = edition.Author ?? "",
            ["edition.date"] = Date(request),
            ["links.archive"] = Site(request).Archive(newsletter.Slug),
            ["links.site"] = Site(request).Url.AbsoluteUri,
            ["links.web"] = WebEdition(request),
        });
    }

    /// <summary>Who wrote it, as its author says or in the edition's language; null where nobody is named.</summary>
    public static string? Byline(RenderRequest request) => request.Edition.Byline
        ?? (request.Edition.Author is { } author ? Phrases.For(Language(request)).Text("issue.by", ("author", author)) : null);

    /// <summary>Where the edition stands on the web.</summary>
    public static string WebEdition(RenderRequest request) => Site(request).Edition(request.Newsletter.Slug, request.Edition.Slug);

    /// <summary>Where the mail says that it can be read in a browser: the same for every reader. Null where it says no such thing, or nothing could be read there.</summary>
    public static string? WebLink(RenderRequest request) =>
        request is { HasWebEdition: true, Newsletter.Design: not { WebLink: false }, Edition: { Segment: null, Tier: not "premium" } } ? WebEdition(request) : null;

    /// <summary>Whether it leads each reader to their own copy instead: of the issue itself, wherever it may stand besides.</summary>
    public static bool LinksToCopies(RenderRequest request) =>
        request is { Newsletter.Design: { PersonalWebLink: true, WebLink: not false } } && (request.IsMeasured || request.HasWebEdition);

    private static PublicSite Site(RenderRequest request) => new(request.PublicUrl);

    public static string Language(RenderRequest request) => request.Edition.Language ?? request.Newsletter.Language;

    public static string Direction(string language) =>
        RightToLeft.Contains(language.Split('-')[0].ToLowerInvariant()) ? "rtl" : "ltr";

    /// <summary>The edition's day in its language, without the day of the week: <c>April 19, 2024</c>.</summary>
    public static string Date(RenderRequest request) => Day(DayOf(request), Language(request));

    /// <summary>The edition's day: its own, else the day of sending.</summary>
    public static DateOnly DayOf(RenderRequest request) => request.Edition.Date ?? DateOnly.FromDateTime(request.SentAt.DateTime);

    /// <summary>A day as people of a language write it, without the day of the week.</summary>
    public static string Day(DateOnly day, string language)
    {
        var culture = Culture(language);
        var pattern = WeekDay().Replace(culture.DateTimeFormat.LongDatePattern, "").Trim(' ', ',', '،', '、');
        return day.ToString(pattern.Length == 0 ? "d MMMM yyyy" : pattern, culture);
    }

    /// <summary>A month of a year as people of a language write it.</summary>
    public static string Month(DateOnly month, string language)
    {
        var culture = Culture(language);
        return month.ToString(culture.DateTimeFormat.YearMonthPattern, culture);
    }

    // A fixed calendar: some cultures would otherwise count the years of another era beside English copy.
    private static CultureInfo Culture(string language)
    {
        try
        {
            var culture = (CultureInfo)CultureInfo.GetCultureInfo(language).Clone();
            if (culture.DateTimeFormat.Calendar is not GregorianCalendar)
                culture.DateTimeFormat.Calendar = culture.OptionalCalendars.OfType<GregorianCalendar>().FirstOrDefault() ?? culture.DateTimeFormat.Calendar;
            return culture;
        }
        catch (CultureNotFoundException)
        {
            return CultureInfo.InvariantCulture;
        }
    }

    [GeneratedRegex("[,،]?\\s*dddd\\s*[,،]?\\s*('de'|'d’')?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex WeekDay();
}
