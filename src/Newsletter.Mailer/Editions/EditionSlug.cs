using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Editions;

/// <summary>The part of an edition's public URL that names it: lower-case letters, digits and single hyphens, at most 80.</summary>
internal static partial class EditionSlug
{
    public const int MaxLength = 80;

    public static bool IsValid(string slug) => slug.Length <= MaxLength && Pattern().IsMatch(slug);

    /// <summary>A slug made from a title; null where the title has no Latin letter or digit to make one of.</summary>
    public static string? FromTitle(string title)
    {
        var slug = new StringBuilder();
        foreach (var c in title.Replace("ß", "ss", StringComparison.Ordinal).Normalize(NormalizationForm.FormD))
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                slug.Append(char.ToLowerInvariant(c));
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark && c is not ('\'' or '’')
                && slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var whole = slug.ToString().Trim('-');
        return whole.Length == 0 ? null : Shorten(whole);
    }

    // Cut at a word, so that the URL doesn't end in half of one.
    private static string Shorten(string slug)
    {
        if (slug.Length <= MaxLength)
        {
            return slug;
        }

        var cut = slug.LastIndexOf('-', MaxLength);
        return slug[..(cut > 0 ? cut : MaxLength)];
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
