namespace Newsletter.Mailer.Links;

/// <summary>
/// Whose visits the measured links of an issue count: a reader's, or nobody's (0). One token for all links of a message, signed once; which of the
/// issue's stored links is meant stands behind it.
/// </summary>
public sealed record ClickToken(long IssueId, long SubscriberId)
{
    /// <summary>The token; the same input gives the same token for as long as the key is kept.</summary>
    public string Sign(KeyRing ring, string keyId) => IssueReaderToken.Sign(ring, keyId, LinkPurpose.Click, (IssueId, SubscriberId));

    /// <summary>Null for a token that isn't ours, or not of this purpose.</summary>
    public static ClickToken? Verify(KeyRing ring, string? token) =>
        IssueReaderToken.Verify(ring, LinkPurpose.Click, token) is var (issue, subscriber) ? new ClickToken(issue, subscriber) : null;

    /// <summary>Takes apart what stands in a measured link: a token, a dot, and the link's number in the issue with its proof.</summary>
    public static ClickToken? Verify(KeyRing ring, string? tokenAndLink, out NumberedLink link)
    {
        link = default;
        var dot = tokenAndLink?.LastIndexOf('.') ?? -1;
        return dot > 0 && NumberedLink.TryParse(tokenAndLink.AsSpan(dot + 1), out link)
            ? Verify(ring, tokenAndLink![..dot])
            : null;
    }
}
