namespace Newsletter.Mailer.Links;

/// <summary>Whom an unsubscribe link speaks of, and the issue it was mailed in (0: none).</summary>
public sealed record UnsubscribeToken(long NewsletterId, long SubscriberId, long IssueId)
{
    /// <summary>The token; the same input gives the same token for as long as the key is kept.</summary>
    public string Sign(KeyRing ring, string keyId)
    {
        Span<byte> subject = stackalloc byte[3 * Varint.MaxLength];
        var length = Varint.Write(subject, NewsletterId);
        length += Varint.Write(subject[length..], SubscriberId);
        length += Varint.Write(subject[length..], IssueId);
        return ring.Sign(LinkPurpose.Unsubscribe, subject[..length], keyId);
    }

    /// <summary>Null for a token that isn't ours, or not of this purpose.</summary>
    public static UnsubscribeToken? Verify(KeyRing ring, string? token)
    {
        if (!ring.TryVerify(LinkPurpose.Unsubscribe, token, out var subject))
            return null;
        ReadOnlySpan<byte> rest = subject;
        return Varint.TryRead(ref rest, out var newsletter) && Varint.TryRead(ref rest, out var subscriber)
            && Varint.TryRead(ref rest, out var issue) && rest.IsEmpty
            ? new UnsubscribeToken(newsletter, subscriber, issue)
            : null;
    }
}
