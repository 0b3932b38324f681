using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Links;

/// <summary>
/// Which link or poll of an issue is meant: its number, a hyphen, and the beginning of a hash of what it leads to. Whoever wasn't sent it (a premium
/// part's, a segment's) can't reach it by counting on; no secret is needed, because whoever knows what it leads to gains nothing.
/// </summary>
/// <param name="Number">From 1, in the order of the text.</param>
/// <param name="Proof">Null where it has none: mails of versions before.</param>
public readonly record struct NumberedLink(int Number, string? Proof)
{
    /// <summary>Hexadecimal digits of a proof: 40 bits, tried over the network. Written out below, because a statement is a constant.</summary>
    private const int ProofLength = 10;

    /// <summary>The link of that number.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="target">What it leads to: an address; of a poll its question and its options.</param>
    public static NumberedLink To(int number, string target) =>
        new(number, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(target)))[..ProofLength]);

    /// <summary>What a poll's proof is of.</summary>
    public static string TargetOf(string question, IEnumerable<string> options) => $"{question}\n{string.Join('\n', options)}";

    /// <summary>Takes apart what stands in a link; false for what is none.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NumberedLink link)
    {
        var hyphen = text.IndexOf('-');
        var proof = hyphen < 0 ? null : text[(hyphen + 1)..].ToString();
        var isOne = int.TryParse(hyphen < 0 ? text : text[..hyphen], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && proof is null or { Length: ProofLength };
        link = isOne ? new NumberedLink(number, proof) : default;
        return isOne;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}{(Proof is null ? "" : "-")}{Proof}");

    /// <summary>In SQL, whether <c>@proof</c> is that of link <c>l</c>, or its issue <c>i</c> is of a version whose mails have none.</summary>
    internal const string ProvesLinkInSql = /*lang=sql*/ "coalesce(@proof::text = left(encode(sha256(convert_to(l.url, 'UTF8')), 'hex'), 10), not " + IssueMessageId.IsProvedInSql + ")";

    /// <summary>The same of poll <c>p</c>.</summary>
    internal const string ProvesPollInSql = /*lang=sql*/ "coalesce(@proof::text = left(encode(sha256(convert_to(p.question || E'\\n' || array_to_string(p.options, E'\\n'), 'UTF8')), 'hex'), 10), not "
        + IssueMessageId.IsProvedInSql + ")";
}
