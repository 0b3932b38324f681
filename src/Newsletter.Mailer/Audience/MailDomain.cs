using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// The domain of an address: lower case, in punycode (RFC 5891), letters, digits and hyphens only (RFC 5321 §4.1.2, STD 3).
/// </summary>
/// <remarks>
/// Refused although RFC 5321 knows them: address literals (<c>[192.0.2.1]</c>), because no reader has such an address and relays refuse it,
/// and single labels (<c>localhost</c>, <c>io</c>), because outside one machine they mean nothing or a typing error.
/// </remarks>
public static class MailDomain
{
    // 255 octets on the wire (RFC 1035 §2.3.4) are 253 characters in writing.
    private const int MaxLength = 253;
    private const int MaxLabelLength = 63;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>Reads a domain; on failure <paramref name="problem"/> is a sentence for people.</summary>
    public static bool TryParse(string? raw, [NotNullWhen(true)] out string? domain, [NotNullWhen(false)] out string? problem)
    {
        var text = raw?.Trim() ?? "";
        domain = null;
        problem = text.Length == 0 ? "The domain is empty." : FindBracket(text);
        if (problem is not null) return false;

        var ascii = Ascii.IsValid(text) ? text.ToLowerInvariant() : ToPunycode(text);
        problem = ascii is null ? "The domain is no valid internationalised domain name." : FindProblem(ascii);
        if (problem is not null) return false;
        domain = ascii!;
        return true;
    }

    private static string? FindBracket(string text) => text[0] == '['
        ? "The domain is a network address in brackets; a domain name is needed, like example.com."
        : TextRules.FindInLine(text) is { } found ? $"The domain {found}." : null;

    private static string? ToPunycode(string text)
    {
        try
        {
            return Idn.GetAscii(text).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string? FindProblem(string domain)
    {
        if (domain.Length > MaxLength) return $"The domain is {domain.Length} characters long, and {MaxLength} is the limit.";
        if (domain[0] == '.') return "The domain starts with a dot.";
        if (domain[^1] == '.') return "The domain ends with a dot.";
        var labels = domain.Split('.');
        foreach (var label in labels)
            if (FindLabelProblem(label) is { } problem) return problem;

        if (labels.Length == 1) return "The domain has no dot in it; a full domain is needed, like example.com.";
        return labels[^1].AsSpan().ContainsAnyExceptInRange('0', '9')
            ? null
            : "The domain ends in a number, as a network address does; a domain name is needed, like example.com.";
    }

    private static string? FindLabelProblem(string label)
    {
        if (label.Length == 0) return "The domain has two dots in a row.";
        if (label.Length > MaxLabelLength) return $"A part of the domain is {label.Length} characters long, and {MaxLabelLength} is the limit.";
        foreach (var rune in label.EnumerateRunes())
            if (!Rune.IsLetterOrDigit(rune) && rune.Value != '-')
                return $"The domain holds {TextRules.Describe(rune)}; only letters, digits, hyphens and dots are allowed.";

        if (label[0] == '-') return "A part of the domain starts with a hyphen.";
        if (label[^1] == '-') return "A part of the domain ends with a hyphen.";
        return label.StartsWith("xn--", StringComparison.Ordinal) && !IsPunycode(label)
            ? "A part of the domain starts with xn-- and is no valid punycode."
            : null;
    }

    private static bool IsPunycode(string label)
    {
        try
        {
            return Idn.GetUnicode(label) != label;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
