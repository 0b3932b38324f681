using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Feedback;

/// <summary>Whom a relay's 5xx speaks of: read by the very rules by which reports that come back are, so that the same words have the same consequence.</summary>
public sealed class RejectionSorting : IRejectionSorting
{
    public Failure? FailureOf(SmtpReply reply, RejectedAt? at)
    {
        if (reply.Code == 0)
            return null;
        var evidence = EvidenceGathering.OfReply(reply.ToString()) with
        {
            Step = at switch
            {
                RejectedAt.Sender => RefusedStep.MailFrom,
                RejectedAt.Recipient => RefusedStep.RcptTo,
                RejectedAt.Message => RefusedStep.Data,
                _ => RefusedStep.Untold,
            },
        };
        return FailureRules.Of(Diagnosis.Cause(evidence with { Status = reply.EnhancedStatus ?? evidence.Status }), reply.EnhancedStatus);
    }
}
