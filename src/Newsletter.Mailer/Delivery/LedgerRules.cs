namespace Newsletter.Mailer.Delivery;

/// <summary>What an attempt's outcome means for the ledger. Pure; the table is in one place.</summary>
public sealed class LedgerRules(DeliveryOptions options, Random random)
{
    /// <summary>Relay's faults under one message in one lease before they begin to speak of the message: a relay that is down fails under many.</summary>
    public const int FaultsUnderOneMessage = 3;

    /// <summary>421s to the final dot, or leases in which connections kept breaking under it, after which a message counts as deferred: it would loop for ever otherwise.</summary>
    private const int DotFaultsThatCount = 3;

    private const double Jitter = 0.2;

    /// <param name="key">The delivery.</param>
    /// <param name="delivery">As it was claimed.</param>
    /// <param name="outcome">Of this attempt.</param>
    /// <param name="relayId">Who took or refused it.</param>
    /// <param name="resendUnknown">The policy is to send an unknown once more.</param>
    /// <param name="faults">Relay's faults under this message in this lease, before this attempt.</param>
    public LedgerEntry Enter(DeliveryKey key, PendingDelivery delivery, SendOutcome outcome, int relayId, bool resendUnknown, int faults = 0)
    {
        var entry = Of(new LedgerEntry { Key = key, Status = "pending", RelayId = relayId }, delivery, outcome, resendUnknown, faults);
        return entry.Reply is { } reply ? entry with { Reply = reply with { Text = SmtpText.WithoutReader(reply.Text, delivery.Address) } } : entry;
    }

    private LedgerEntry Of(LedgerEntry entry, PendingDelivery delivery, SendOutcome outcome, bool resendUnknown, int faults) =>
        outcome switch
        {
            SendOutcome.Accepted accepted => entry with { Status = "accepted", Reply = accepted.Reply, QueueId = accepted.QueueId, CountedAttempts = 1 },
            SendOutcome.Deferred deferred => Defer(entry with { Reply = deferred.Reply }, delivery),
            SendOutcome.Rejected rejected => entry with
            {
                Status = "rejected",
                Reply = rejected.Reply,
                CountedAttempts = 1,
                Failure = rejected.Failure,
            },
            SendOutcome.Unknown unknown => entry with
            {
                Status = "unknown",
                Reply = new SmtpReply(0, null, unknown.Reason),
                CountedAttempts = 1,
                RetryIn = resendUnknown && delivery.Resends == 0 ? TimeSpan.FromSeconds(options.ResendUnknownSeconds) : null,
            },
            SendOutcome.RelayFault fault when SpeaksOfTheMessage(fault, faults) && delivery.DotFaults + 1 >= DotFaultsThatCount =>
                Defer(entry with { Reply = new SmtpReply(fault.AtEndOfData ? 421 : 0, null, fault.Reason), DotFaults = 1 }, delivery),
            SendOutcome.RelayFault fault => entry with { DotFaults = SpeaksOfTheMessage(fault, faults) ? 1 : 0 },
            // The sender's or our fault, never the recipient's.
            SendOutcome.SenderRefused or SendOutcome.CredentialsRefused or SendOutcome.Withheld => entry,
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>A message that could not be made: the one recipient fails, the rest go out.</summary>
    public static LedgerEntry Unrenderable(DeliveryKey key, string reason) => new()
    {
        Key = key,
        Status = "failed",
        Reply = new SmtpReply(0, null, reason),
    };

    // A 421 to the dot, or a connection that breaks under this one again and again (a filter that drops it in the middle).
    private static bool SpeaksOfTheMessage(SendOutcome.RelayFault fault, int faults) => fault.AtEndOfData || faults >= FaultsUnderOneMessage;

    private LedgerEntry Defer(LedgerEntry entry, PendingDelivery delivery) =>
        delivery.DeferredFor is { } age && age >= TimeSpan.FromHours(options.MaxAgeHours)
            ? entry with { Status = "expired", CountedAttempts = 1, Failure = entry.Reply is { Code: > 0 } reply ? FailureRules.OfExpired(reply) : null }
            : entry with { Status = "deferred", CountedAttempts = 1, RetryIn = Backoff(delivery.Attempts) };

    private TimeSpan Backoff(int attemptsBefore)
    {
        var minutes = options.RetryMinutes[Math.Min(attemptsBefore, options.RetryMinutes.Length - 1)];
        return TimeSpan.FromMinutes(minutes * (1 - Jitter + (2 * Jitter * random.NextDouble())));
    }
}
