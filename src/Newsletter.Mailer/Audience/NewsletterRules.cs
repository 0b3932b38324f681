using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Audience;

/// <summary>What a newsletter must look like.</summary>
public static partial class NewsletterRules
{
    /// <summary>What <see cref="IsSlug"/> asks for, for people.</summary>
    public const string SlugWords = "1 to 63 lower-case letters a-z, digits and hyphens, at least one letter, and no hyphen at either end";

    private const int MaxNameLength = 100;
    private const int MaxPostalAddressLength = 500;
    private const int MaxCadenceLength = 100;

    /// <summary>Checks a draft: either a profile (with id 0) or what is wrong with it, every problem at once.</summary>
    public static (NewsletterProfile? Profile, IReadOnlyList<FieldProblem> Problems) Check(NewsletterDraft draft)
    {
        var problems = new List<FieldProblem>();
        var profile = new NewsletterProfile
        {
            Slug = CheckSlug(draft.Slug, problems),
            Name = Required("name", draft.Name, problems),
            FromAddress = CheckAddress("from_address", draft.FromAddress ?? "", problems),
            FromName = Line("from_name", draft.FromName, MaxNameLength, problems),
            ReplyTo = string.IsNullOrWhiteSpace(draft.ReplyTo) ? null : CheckAddress("reply_to", draft.ReplyTo, problems),
            PostalAddress = CheckPostalAddress(draft.PostalAddress, problems),
            TimeZone = AudienceRules.CheckTimeZone("time_zone", draft.TimeZone, problems) ?? "Etc/UTC",
            Cadence = Line("cadence", draft.Cadence, MaxCadenceLength, problems),
            Theme = CheckTheme(draft.Theme, problems),
            Language = AudienceRules.CheckLanguage("language", draft.Language, problems) ?? "en",
            Digests = draft.Digests ?? true,
            PremiumUrl = NewsletterDesignRules.CheckUrl("premium_url", draft.PremiumUrl, problems),
            RawHtml = draft.RawHtml ?? false,
            Design = NewsletterDesignRules.Check(draft.Design, problems),
            Measuring = NewsletterMeasuringRules.Check(draft.Measuring, problems),
            Indexed = draft.Indexed ?? true,
        };
        return problems.Count == 0 ? (profile, problems) : (null, problems);
    }

    /// <summary>True for what a newsletter may have as its slug, and an edition's front matter may name.</summary>
    public static bool IsSlug(string slug) => SlugPattern().IsMatch(slug) && slug.Any(char.IsAsciiLetterLower);

    private static string CheckSlug(string? raw, List<FieldProblem> problems)
    {
        var slug = raw ?? "";
        if (!IsSlug(slug)) problems.Add(new FieldProblem("slug", $"A slug has {SlugWords}."));
        return slug;
    }

    private static string Required(string field, string? raw, List<FieldProblem> problems)
    {
        var line = Line(field, raw, MaxNameLength, problems);
        if (line is null) problems.Add(new FieldProblem(field, "It is missing: every newsletter has a name that readers see."));
        return line ?? "";
    }

    private static string? Line(string field, string? raw, int limit, List<FieldProblem> problems) =>
        AudienceRules.CheckLine(field, raw, limit, problems);

    private static string CheckAddress(string field, string raw, List<FieldProblem> problems)
    {
        if (!EmailAddress.TryParse(raw, out var address, out var problem)) problems.Add(new FieldProblem(field, problem));
        // A sender with a non-ASCII local part could not be written to by relays without SMTPUTF8, nor could its bounces come back.
        else if (!address.IsAsciiLocalPart)
            problems.Add(new FieldProblem(field, "The part before the @ must be ASCII in a sender's address: most servers take no other."));
        // It stands in List-Help and List-Owner too, whose brackets and commas (RFC 2369 §2) it could break.
        else if (address.IsQuoted)
            problems.Add(new FieldProblem(field, "The part before the @ needs quotation marks, which a sender's address can't have: use letters, digits, dots and hyphens only."));
        return address?.Value ?? "";
    }

    private static string? CheckPostalAddress(string? raw, List<FieldProblem> problems)
    {
        var text = raw?.ReplaceLineEndings("\n").Trim();
        if (string.IsNullOrEmpty(text)) return null;
        if (text.Length > MaxPostalAddressLength)
            problems.Add(new FieldProblem("postal_address", $"It is {text.Length} characters long, and {MaxPostalAddressLength} is the limit."));
        if (TextRules.FindInText(text) is { } found) problems.Add(new FieldProblem("postal_address", $"It {found}."));
        return text;
    }

    private static string CheckTheme(string? raw, List<FieldProblem> problems)
    {
        if (string.IsNullOrWhiteSpace(raw)) return "plain";
        if (!ThemePattern().IsMatch(raw))
            problems.Add(new FieldProblem("theme", "A theme's name has 1 to 63 lower-case letters a-z, digits and hyphens, and begins with a letter."));
        return raw;
    }

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex SlugPattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z")]
    private static partial Regex ThemePattern();
}
