using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Delivery;

/// <summary>Relays' texts made fit for keeping: storable, and without whatever names a reader or one message.</summary>
internal static partial class SmtpText
{
    private const int Longest = 500;

    // What is shorter would be found in words.
    private const int ShortestName = 3;

    // Words that replies are made of: before an @ they are a role and no person, and taken out they would leave nothing to understand.
    private static readonly HashSet<string> NamesNobody = new(
        "a,abuse,account,admin,address,box,contact,error,info,is,list,mail,mailbox,me,news,no,not,office,postmaster,recipient,sales,sender,service,spam,support,the,to,unknown,user,webmaster"
            .Split(','), StringComparer.OrdinalIgnoreCase);

    /// <summary>Addresses become <c>&lt;address&gt;</c>, and words with digits that are no status or code become <c>#</c>: a million replies are one text.</summary>
    public static string Anonymous(string text) => Ids().Replace(Addresses().Replace(text, "<address>"), "#");

    /// <summary>Without the one reader whom a reply speaks of: by the whole address, what stands before its @, or before its + (RFC 5233), also as in a URL.</summary>
    public static string WithoutReader(string text, string address)
    {
        var at = address.LastIndexOf('@');
        var local = at < 0 ? address : address[..at].Trim('"');
        var tag = local.IndexOf('+', StringComparison.Ordinal);
        text = Without(text, address);
        text = Without(text, local);
        return tag < ShortestName ? text : Without(text, local[..tag]);
    }

    private static string Without(string text, string word)
    {
        if (word.Length == 0 || NamesNobody.Contains(word))
            return text;
        if (text.Contains('%', StringComparison.Ordinal))
            text = WithoutWord(text, Uri.EscapeDataString(word));
        return WithoutWord(text, word);
    }

    // By hand and not by a pattern, whose time could run out: the relay has accepted by now, and that must be written down.
    private static string WithoutWord(string text, string word)
    {
        var kept = new StringBuilder(text.Length);
        var from = 0;
        for (int at; (at = text.IndexOf(word, from, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            var end = at + word.Length;
            if (at > 0 && char.IsLetterOrDigit(text[at - 1]) || end < text.Length && char.IsLetterOrDigit(text[end]))
            {
                kept.Append(text, from, end - from);
                from = end;
                continue;
            }

            var isBracketed = at > from && text[at - 1] == '<' && end < text.Length && text[end] == '>';
            kept.Append(text, from, at - from - (isBracketed ? 1 : 0)).Append("<address>");
            from = isBracketed ? end + 1 : end;
        }

        return from == 0 ? text : kept.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>Both: the form in which a relay's text is kept. A queue id is taken out however short it is: it is kept beside the text.</summary>
    // Cut first: looking for addresses in a text without end would take time without end.
    public static string Kept(string text, string? queueId = null) =>
        Anonymous(Storable(string.IsNullOrEmpty(queueId) ? text : text.Replace(queueId, "#", StringComparison.Ordinal)));

    /// <summary>Without control characters and lone surrogates (PostgreSQL's text takes neither NUL nor broken UTF-8), at most 500 characters.</summary>
    public static string Storable(string text)
    {
        if (text.Length <= Longest && IsStorable(text))
            return text;
        var clean = new StringBuilder(Math.Min(text.Length, Longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > Longest)
                break;
            clean.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return clean.ToString();
    }

    /// <summary>The same, of what may be missing.</summary>
    public static string? StorableOrNull(string? text) => text is null ? null : Storable(text);

    /// <summary>A queue id that any database takes, whatever it encodes texts in.</summary>
    public static string? QueueId(string? id) => id is null || Ascii.IsValid(id) ? StorableOrNull(id) : StorableOrNull(string.Concat(id.Select(c => char.IsAscii(c) ? c : '?')));

    // As nearly every text is.
    private static bool IsStorable(ReadOnlySpan<char> text) =>
        !text.ContainsAnyInRange('\0', '\u001f') && !text.ContainsAnyInRange('\u007f', '\u009f') && !text.ContainsAnyInRange('\ud800', '\udfff');

    [GeneratedRegex(@"<?[^\s<>()""':,;]+@[^\s<>()""',;]+[^\s<>()""',;.]>?", RegexOptions.CultureInvariant, 200)]
    private static partial Regex Addresses();

    // Eight characters or more, at least one of them a digit: queue ids, message ids, time stamps. IP addresses have shorter words and stay: they say who was refused.
    [GeneratedRegex(@"(?<![\w.-])(?=[\w-]*[0-9])[\w-]{8,}(?:[.@][\w.-]+)?", RegexOptions.CultureInvariant, 200)]
    private static partial Regex Ids();
}
