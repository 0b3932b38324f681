using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// A reader's or sender's address, parsed once at the edge: what is in one of these is safe in a header and in an SMTP command.
/// Two are equal if they differ in case only, as in the database.
/// </summary>
/// <remarks>
/// RFC 5321 §4.1.2: a dot-atom or a quoted string, @, a domain. RFC 6531: the local part may hold other than ASCII (kept in NFC).
/// White space around it is dropped, a line break is not. Quotation marks that aren't needed are dropped ("minimum quoting",
/// RFC 5321 §4.1.2), so that one mailbox has one spelling. Refused although RFC 5322 knows them: comments and folding white space
/// (they are of headers, not of mailboxes), an empty quoted local part, İ (U+0130), and what <see cref="MailDomain"/> refuses.
/// </remarks>
public sealed class EmailAddress : IEquatable<EmailAddress>
{
    // RFC 5321 §4.5.3.1.1; §4.5.3.1.3 gives a path 256 octets with its angle brackets. Octets, not characters.
    private const int MaxLocalOctets = 64;
    private const int MaxOctets = 254;
    private const string AtextMarks = "!#$%&'*+-/=?^_`{|}~";

    private EmailAddress(string localPart, string domain)
    {
        LocalPart = localPart;
        Domain = domain;
        Value = $"{localPart}@{domain}";
    }

    /// <summary>The whole address: local part as given, domain in lower case and punycode. At most 254 octets.</summary>
    public string Value { get; }

    /// <summary>What stands before the @, with its quotation marks where it needs them.</summary>
    public string LocalPart { get; }

    /// <summary>What stands after the @, lower case, punycode.</summary>
    public string Domain { get; }

    /// <summary>False: only a relay that offers SMTPUTF8 (RFC 6531) can take it.</summary>
    public bool IsAsciiLocalPart => Ascii.IsValid(LocalPart);

    /// <summary>True: what stands before the @ needs its quotation marks, for a space, a comma or the like in it.</summary>
    public bool IsQuoted => LocalPart[0] == '"';

    /// <summary>Reads an address.</summary>
    public static bool TryParse(string? raw, [NotNullWhen(true)] out EmailAddress? address) => TryParse(raw, out address, out _);

    /// <summary>Reads an address; on failure <paramref name="problem"/> is a sentence that says what is wrong and where.</summary>
    public static bool TryParse(
        string? raw, [NotNullWhen(true)] out EmailAddress? address, [NotNullWhen(false)] out string? problem)
    {
        address = null;
        var text = TrimSpaces(raw);
        problem = FindForbidden(text);
        if (problem is not null) return false;
        // Before the rules, not after: U+037E, for instance, becomes a semicolon.
        text = text.Normalize(NormalizationForm.FormC);
        if (!TryReadLocalPart(text, out var localPart, out var end, out problem)) return false;
        if (!TryReadDomain(text[(end + 1)..], out var domain, out problem)) return false;

        var octets = Encoding.UTF8.GetByteCount(localPart) + 1 + domain.Length;
        problem = octets > MaxOctets ? $"The address is {octets} bytes long, and {MaxOctets} is the limit." : null;
        if (problem is not null) return false;
        address = new EmailAddress(localPart, domain);
        return true;
    }

    public bool Equals(EmailAddress? other) => other is not null && Value.Equals(other.Value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object? obj) => Equals(obj as EmailAddress);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.OrdinalIgnoreCase);

    public override string ToString() => Value;

    // Spaces of every kind, tabs, and what pasting leaves behind (zero-width space, byte order mark); never line breaks.
    private static string TrimSpaces(string? raw)
    {
        var text = raw.AsSpan();
        while (text.Length > 0 && IsSpace(text[0])) text = text[1..];
        while (text.Length > 0 && IsSpace(text[^1])) text = text[..^1];
        return text.Length == raw?.Length ? raw : text.ToString();
    }

    private static bool IsSpace(char c) =>
        c is '\t' or '\u200B' or '\uFEFF' || char.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator;

    private static string? FindForbidden(string text)
    {
        if (text.Length == 0) return "The address is empty.";
        if (text.Length > 4 * MaxOctets) return $"The address is {text.Length} characters long, and {MaxOctets} is the limit.";
        if (TextRules.FindInLine(text) is { } found) return $"The address {found}.";
        if (Ascii.IsValid(text)) return null;
        foreach (var rune in text.EnumerateRunes())
            // The database holds this one for the same as i, and nothing else does: the address would be another's.
            if (rune.Value is '\uFFFD' or '\u0130' || (!rune.IsAscii && IsInvisible(rune)))
                return $"The address holds {TextRules.Describe(rune)} at character {text.IndexOf(rune.ToString(), StringComparison.Ordinal) + 1}.";

        return null;
    }

    // Joiners (format characters) have a meaning in some scripts' domains, but there IdnMapping either takes or removes them.
    private static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse;

    private static bool TryReadLocalPart(
        string text, [NotNullWhen(true)] out string? localPart, out int end, [NotNullWhen(false)] out string? problem)
    {
        localPart = null;
        if (text[0] == '"')
        {
            problem = ReadQuoted(text, out var content, out end) ?? FindLengthProblem(localPart = Quote(content));
        }
        else
        {
            end = text.IndexOf('@', StringComparison.Ordinal);
            problem = end < 0 ? FindMissingAt(text) : FindAtomProblem(text.AsSpan(0, end));
            if (problem is null) problem = FindLengthProblem(localPart = text[..end]);
        }

        return problem is null;
    }

    private static string FindMissingAt(string text) =>
        text.Contains('＠', StringComparison.Ordinal) ? "The address has a full-width ＠ in place of the @." : "The address has no @.";

    private static string? FindAtomProblem(ReadOnlySpan<char> local)
    {
        if (local.Length == 0) return "The address has nothing before the @.";
        if (local.Contains('<')) return "The address has a name or an angle bracket before it: give the bare address, like name@example.com.";
        if (local[0] == '.') return "The part before the @ starts with a dot.";
        if (local[^1] == '.') return "The part before the @ ends with a dot.";
        if (local.Contains("..", StringComparison.Ordinal)) return "The part before the @ has two dots in a row.";
        for (var i = 0; i < local.Length; i++)
            if (!IsAtext(local[i]) && local[i] != '.')
                return $"The part before the @ holds {TextRules.Describe(new Rune(local[i]))} at character {i + 1}, which is not allowed there.";

        return null;
    }

    private static bool IsAtext(char c) => char.IsAsciiLetterOrDigit(c) || c > '\u007F' || AtextMarks.Contains(c);

    // RFC 5321 §4.1.2: qtextSMTP is printable ASCII but " and \, which a backslash brings in.
    private static string? ReadQuoted(string text, out string content, out int end)
    {
        var read = new StringBuilder(text.Length);
        for (end = 1; end < text.Length && text[end] != '"'; end++)
        {
            if (text[end] == '\\' && ++end < text.Length && !char.IsAscii(text[end])) break;
            if (end < text.Length) read.Append(text[end]);
        }

        content = read.ToString();
        if (end >= text.Length) return "The quotation mark at the start of the address is never closed.";
        if (text[end] != '"') return $"The backslash before character {end + 1} stands before something other than ASCII.";
        if (content.Length == 0) return "The address has nothing between its quotation marks.";
        return ++end < text.Length && text[end] == '@'
            ? null
            : "After the closing quotation mark the address goes on with something other than @.";
    }

    private static string Quote(string content) => FindAtomProblem(content) is null
        ? content
        : $"\"{content.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string? FindLengthProblem(string localPart)
    {
        var octets = Encoding.UTF8.GetByteCount(localPart);
        return octets > MaxLocalOctets ? $"The part before the @ is {octets} bytes long, and {MaxLocalOctets} is the limit." : null;
    }

    private static bool TryReadDomain(
        string text, [NotNullWhen(true)] out string? domain, [NotNullWhen(false)] out string? problem)
    {
        domain = null;
        problem = text.Length == 0 ? "The address has nothing after the @."
            : text.Contains('@', StringComparison.Ordinal) ? "The address has more than one @."
            : text[0] == ' ' || text[^1] == ' ' ? "The address holds a space next to the @."
            : null;
        return problem is null && MailDomain.TryParse(text, out domain, out problem);
    }
}
