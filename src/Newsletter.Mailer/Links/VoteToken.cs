using System.Globalization;

namespace Newsletter.Mailer.Links;

/// <summary>Who may vote in which issue's polls (subscriber 0 of issue 0: a test's, whose votes don't count).</summary>
/// <remarks>A link is <c>token.poll.choice</c>: what is ticked on the page needs no signature, for the reader may change it.</remarks>
public sealed record VoteToken(long IssueId, long SubscriberId)
{
    /// <summary>The token; the same input gives the same token for as long as the key is kept.</summary>
    public string Sign(KeyRing ring, string keyId) => IssueReaderToken.Sign(ring, keyId, LinkPurpose.Vote, (IssueId, SubscriberId));

    /// <summary>Takes a link apart.</summary>
    /// <param name="ring">Verifies the token.</param>
    /// <param name="link">What stands behind <c>/vote/</c>.</param>
    /// <param name="poll">The poll of the issue; number 0 where there is none.</param>
    /// <param name="choice">Number of the choice, from 1; 0 where there is none.</param>
    /// <returns>Null for a token that isn't ours, or not of this purpose.</returns>
    public static VoteToken? Verify(KeyRing ring, string? link, out NumberedLink poll, out short choice)
    {
        (poll, choice) = (default, 0);
        if (link?.Split('.') is not [var key, var payload, .. { Length: > 0 and <= 2 } rest] || !NumberedLink.TryParse(rest[0], out poll) || poll.Number > short.MaxValue || rest.Length > 1 && !TryRead(rest[1], out choice))
            return null;
        return IssueReaderToken.Verify(ring, LinkPurpose.Vote, $"{key}.{payload}") is var (issue, subscriber) ? new VoteToken(issue, subscriber) : null;
    }

    private static bool TryRead(string text, out short number) => short.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
