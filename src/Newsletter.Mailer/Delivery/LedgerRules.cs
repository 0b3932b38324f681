namespace Newsletter.Mailer.Delivery;

/// <summary>What an attempt's outcome means for the ledger. Pure; the table is in one place.</summary>
public sealed class LedgerRules(DeliveryOptions options, Random random)
{
    /// <summary>421s to the final dot after which a message counts as deferred: it would loop for ever otherwise.</summary>
    private const int DotFaultsThatCount = 3;

    private const double Jitter = 0.2;

    /// <param name="key">The delivery.</param>
    /// <param name="delivery">As it was claimed.</param>
    /// <param name="outcome">Of this attempt.</param>
    /// <param name="relayId">Who took or refused it.</param>
    /// <param name="resendUnknown">The policy is to send an unknown once more.</param>
    public LedgerEntry Enter(DeliveryKey key, PendingDelivery delivery, SendOutcome outcome, int relayId, bool resendUnknown)
    {
        var entry = new LedgerEntry { Key = key, Status = "pending", RelayId = relayId };
        return outcome switch
        {
            SendOutcome.Accepted accepted => entry with { Status = "accepted", Reply = accepted.Reply, QueueId = accepted.QueueId, CountedAttempts = 1 },
            SendOutcome.Deferred deferred => Defer(entry with { Reply = deferred.Reply }, delivery),
            SendOutcome.Rejected rejected => entry with
            {
                Status = "rejected",
                Reply = rejected.Reply,
                CountedAttempts = 1,
                Suppress = rejected.Verdict == RejectionVerdict.UnknownMailbox,
            },
            SendOutcome.Unknown unknown => entry with
            {
                Status = "unknown",
                Reply = new SmtpReply(0, null, unknown.Reason),
                CountedAttempts = 1,
                RetryIn = resendUnknown && delivery.Resends == 0 ? TimeSpan.FromSeconds(options.ResendUnknownSeconds) : null,
            },
            SendOutcome.RelayFault { AtEndOfData: true } fault when delivery.DotFaults + 1 >= DotFaultsThatCount =>
                Defer(entry with { Reply = new SmtpReply(421, null, fault.Reason), DotFaults = 1 }, delivery),
            SendOutcome.RelayFault fault => entry with { DotFaults = fault.AtEndOfData ? 1 : 0 },
            // The sender's or our fault, never the recipient's.
            SendOutcome.SenderRefused or SendOutcome.CredentialsRefused => entry,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>A message that could not be made: the one recipient fails, the rest go out.</summary>
    public static LedgerEntry Unrenderable(DeliveryKey key, string reason) => new()
    {
        Key = key,
        Status = "failed",
        Reply = new SmtpReply(0, null, reason),
    };

    private LedgerEntry Defer(LedgerEntry entry, PendingDelivery delivery) =>
        delivery.DeferredFor is { } age && age >= TimeSpan.FromHours(options.MaxAgeHours)
            ? entry with { Status = "expired", CountedAttempts = 1 }
            : entry with { Status = "deferred", CountedAttempts = 1, RetryIn = Backoff(delivery.Attempts) };

    private TimeSpan Backoff(int attemptsBefore)
    {
        var minutes = options.RetryMinutes[Math.Min(attemptsBefore, options.RetryMinutes.Length - 1)];
        return TimeSpan.FromMinutes(minutes * (1 - Jitter + (2 * Jitter * random.NextDouble())));
    }
}
