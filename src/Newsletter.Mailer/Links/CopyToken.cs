namespace Newsletter.Mailer.Links;

/// <summary>Whose copy of which issue is shown: as the mail was, with that reader's own words and links in it.</summary>
public sealed record CopyToken(long IssueId, long SubscriberId)
{
    /// <summary>The token; the same input gives the same token for as long as the key is kept.</summary>
    public string Sign(KeyRing ring, string keyId) => IssueReaderToken.Sign(ring, keyId, LinkPurpose.Copy, (IssueId, SubscriberId));

    /// <summary>Null for a token that isn't ours, or not of this purpose.</summary>
    public static CopyToken? Verify(KeyRing ring, string? token) =>
        IssueReaderToken.Verify(ring, LinkPurpose.Copy, token) is var (issue, subscriber) ? new CopyToken(issue, subscriber) : null;
}
