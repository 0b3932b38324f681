using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Links;

/// <summary>
/// Message-ID of a delivery, <c>issue.place.proof@domain</c>: the same in every copy. The proof is of this delivery alone, so that whoever has one
/// mail of an issue can't name those of its other readers (a forged bounce would suppress them).
/// </summary>
/// <remarks>The issue's nonce is <c>secret@domain</c>. Issues of versions before have a nonce of 12 digits, which ends all their Message-IDs as it is.</remarks>
public static class IssueMessageId
{
    /// <summary>Characters of a secret: hexadecimal digits.</summary>
    private const int SecretLength = 32;

    /// <summary>80 bits, as tokens have. Written out in <see cref="EndInSql"/>, as the secret's length is, because a statement is a constant.</summary>
    private const int ProofBytes = 10;

    /// <summary>In SQL, whether issue <c>i</c> is of a version that proves what its mails name: by the length of its secret.</summary>
    internal const string IsProvedInSql = /*lang=sql*/ "length(split_part(i.nonce, '@', 1)) = 32";

    /// <summary>In SQL, what ends the Message-ID of place <c>e.seq</c> of issue <c>i</c>, as <see cref="Of"/> writes it; null where that proves nothing.</summary>
    internal const string EndInSql = "(case when " + IsProvedInSql + /*lang=sql*/ """
         then encode(substring(sha256(convert_to(concat(split_part(i.nonce, '@', 1), '.', i.id, '.', e.seq), 'UTF8')) from 1 for 10), 'hex') || '@' || split_part(i.nonce, '@', 2)
        end)
        """;

    /// <summary>A nonce for a new issue. Never to be shown: who knows it can name every delivery.</summary>
    /// <param name="domain">Of the newsletter's address.</param>
    public static string NewNonce(string domain) => $"{RandomNumberGenerator.GetHexString(SecretLength, lowercase: true)}@{domain}";

    /// <summary>Without angle brackets.</summary>
    /// <param name="issue">Issue.</param>
    /// <param name="seq">The delivery's place in it.</param>
    /// <param name="nonce">The issue's.</param>
    public static string Of(long issue, int seq, string nonce)
    {
        var at = nonce.IndexOf('@', StringComparison.Ordinal);
        return at == SecretLength
            ? string.Create(CultureInfo.InvariantCulture, $"{issue}.{seq}.{Proof(issue, seq, nonce.AsSpan(0, at))}{nonce.AsSpan(at)}")
            : string.Create(CultureInfo.InvariantCulture, $"{issue}.{seq}.{nonce}");
    }

    /// <summary>Takes one apart, with or without angle brackets; false for another's.</summary>
    /// <param name="messageId">As a report or webhook has it.</param>
    /// <param name="issue">Issue.</param>
    /// <param name="seq">The delivery's place in it.</param>
    /// <param name="end">What follows, proof and domain: for <see cref="EndInSql"/> to be held against.</param>
    public static bool TryParse(string? messageId, out long issue, out int seq, out string end)
    {
        (issue, seq, end) = (0, 0, "");
        if ((messageId ?? "").Trim().Trim('<', '>').Split('.', 3) is not [var first, var second, var rest] || !rest.Contains('@', StringComparison.Ordinal)
            || !long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out issue) || !int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out seq))
            return false;
        end = rest;
        return true;
    }

    // A hash with the secret in front will do: only its first bytes are ever seen, and what follows has no end of its own to lengthen.
    private static string Proof(long issue, int seq, ReadOnlySpan<char> secret)
    {
        Span<byte> text = stackalloc byte[SecretLength + 34];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!Encoding.UTF8.TryGetBytes(secret, text, out var length)
            || !System.Text.Unicode.Utf8.TryWrite(text[length..], CultureInfo.InvariantCulture, $".{issue}.{seq}", out var rest))
            throw new InvalidOperationException($"The nonce of issue {issue} is none of ours: it holds more than ASCII.");
        SHA256.HashData(text[..(length + rest)], hash);
        return Convert.ToHexStringLower(hash[..ProofBytes]);
    }
}
