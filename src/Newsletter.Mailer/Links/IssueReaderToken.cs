namespace Newsletter.Mailer.Links;

/// <summary>Tokens that speak of a reader in an issue.</summary>
internal static class IssueReaderToken
{
    public static string Sign(KeyRing ring, string keyId, LinkPurpose purpose, (long Issue, long Subscriber) of)
    {
        Span<byte> subject = stackalloc byte[2 * Varint.MaxLength];
        var length = Varint.Write(subject, of.Issue);
        length += Varint.Write(subject[length..], of.Subscriber);
        return ring.Sign(purpose, subject[..length], keyId);
    }

    public static (long Issue, long Subscriber)? Verify(KeyRing ring, LinkPurpose purpose, string? token)
    {
        if (!ring.TryVerify(purpose, token, out var subject))
            return null;
        ReadOnlySpan<byte> rest = subject;
        return Varint.TryRead(ref rest, out var issue) && Varint.TryRead(ref rest, out var subscriber) && rest.IsEmpty ? (issue, subscriber) : null;
    }
}
