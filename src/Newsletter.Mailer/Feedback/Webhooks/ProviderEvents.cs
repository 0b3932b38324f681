using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback.Bounces;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>What follows from a provider's event, by the same rules as from a report. Pure.</summary>
internal static class ProviderEvents
{
    /// <summary>Null where nothing follows.</summary>
    public static FeedbackClaim? ClaimOf(ProviderEvent told, KeyRing keys, ReturnPaths? paths)
    {
        if (told.Type is "unsubscribed" || told is { Type: "rejected", RejectReason: "unsubscribed" })
            return Of(told, keys, paths) with { LeavesBy = "provider" };
        if (FailureOf(told) is not { } failure)
            return null;
        var reply = EvidenceGathering.OfReply(Words(told));
        return Of(told, keys, paths) with
        {
            Failure = failure,
            Status = reply.Status.Length > 0 ? reply.Status : null,
            ReplyCode = int.TryParse(reply.ReplyCode, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var code) ? code : null,
            Evidence = Words(told) is { Length: > 0 } words ? words : null,
        };
    }

    private static Failure? FailureOf(ProviderEvent told) => told switch
    {
        { Type: "complained" } or { Type: "rejected", RejectReason: "spam" } => FailureRules.Of(BounceReasons.Feedback, null),
        { Type: "rejected", RejectReason: "bounced" or "invalid" } => FailureRules.Of(BounceReasons.UserUnknown, null),
        { Type: "rejected", RejectReason: "blocked" } => FailureRules.Of(told.Hint ?? "contenterror", null),
        { Type: "rejected", RejectReason: "timed_out" } => FailureRules.Of(BounceReasons.Expired, null, permanent: false),
        { Type: "bounced" or "rejected" } => Bounced(told),
        _ => null,
    };

    // The server's own words first, as in a report; then what the provider makes of them.
    private static Failure Bounced(ProviderEvent told)
    {
        var reply = EvidenceGathering.OfReply(Words(told));
        var reason = told.Response is { Length: > 0 } ? Diagnosis.Cause(reply) : BounceReasons.Undefined;
        var vague = reason is BounceReasons.OnHold or BounceReasons.Undefined;
        return FailureRules.Of(vague ? told.Hint ?? BounceReasons.Undefined : reason, reply.Status, told.Permanent);
    }

    private static string Words(ProviderEvent told) => (told.Response is { Length: > 0 } said ? said : told.Description ?? "").Trim();

    private static FeedbackClaim Of(ProviderEvent told, KeyRing keys, ReturnPaths? paths)
    {
        var claim = new FeedbackClaim { IsTrusted = true, Address = told.Recipient is { Length: > 0 } address ? address : null };
        return told.Sender is { } sender && paths?.Read(keys, sender) is { } token
            ? claim with { IssueId = token.IssueId, Seq = token.Seq }
            : claim.ByMessageId(told.MessageId);
    }
}
