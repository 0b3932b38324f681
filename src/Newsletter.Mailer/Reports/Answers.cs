using System.Globalization;

namespace Newsletter.Mailer.Reports;

/// <summary>Facts of the ledger in the words of a person who is asked "did I get it?".</summary>
internal static class Answers
{
    public static string For(DeliveryReport? delivery, Outsider reader, SuppressionFact? suppression) =>
        delivery is null ? Absent(reader) : Present(delivery, reader, suppression) + CameBack(delivery);

    private static string CameBack(DeliveryReport delivery) => delivery.CameBack switch
    {
        null => "",
        "complaint" => $" The reader called it unwanted at {At(delivery.CameBackAt)}.",
        "hard" => $" It came back for good at {At(delivery.CameBackAt)}: {delivery.CameBackWhy?.TrimEnd('.')}.",
        "soft" => $" It came back at {At(delivery.CameBackAt)}, and the mailbox may take the next: {delivery.CameBackWhy?.TrimEnd('.')}.",
        "sender" => $" It came back at {At(delivery.CameBackAt)} for the sender's sake, not the reader's: {delivery.CameBackWhy?.TrimEnd('.')}.",
        _ => $" It came back at {At(delivery.CameBackAt)} for what was written: {delivery.CameBackWhy?.TrimEnd('.')}.",
    };

    /// <summary>For an address that nobody here has.</summary>
    public static string ForStranger(SuppressionFact suppression) =>
        $"No: nobody here has this address, and it is suppressed since {At(suppression.At)} ({Ground(suppression)}): imports leave it out.";

    /// <summary>What resends made of it: sent again, after what; or left out, why.</summary>
    public static string Rounds(IEnumerable<FormerOutcome> former) => string.Concat(former.Select(before => before.LeftOut switch
    {
        null => $" It was sent again in round {before.NextRound}, asked for at {At(before.AskedAt)}, because in round {before.Round} {Before(before)}.",
        "accepted" or "skipped" or "cancelled" or "failed" or "rejected" or "expired" or "unknown" or "mailbox_full" =>
            $" The resend asked for at {At(before.AskedAt)} was not for those who are {before.LeftOut.Replace('_', ' ')}.",
        _ => $" The resend asked for at {At(before.AskedAt)} left this reader out: {before.LeftOut}.",
    }));

    private static string Before(FormerOutcome before) => before.Status switch
    {
        "expired" => $"it had been put off until it was too old, last at {At(before.UpdatedAt)}{Said(before)}",
        "rejected" => $"it had been rejected at {At(before.UpdatedAt)}{Said(before)}",
        _ => $"the connection was lost at {At(before.UpdatedAt)} before the relay answered; every copy has the same Message-ID",
    };

    private static string Said(FormerOutcome before) => Reply(before.SmtpCode, before.EnhancedStatus, before.Detail) is { Length: > 0 } reply ? $": {reply}" : "";

    private static string Present(DeliveryReport delivery, Outsider issue, SuppressionFact? suppression) => delivery.Status switch
    {
        "accepted" => $"Yes: {Relay(delivery)} accepted it at {At(delivery.UpdatedAt)}{Queue(delivery)}.{Again(delivery)}",
        "rejected" => $"No: {Relay(delivery)} rejected it at {At(delivery.UpdatedAt)}: {Reply(delivery)}.",
        "deferred" => $"Not yet: {Relay(delivery)} put it off at {At(delivery.UpdatedAt)}: {Reply(delivery)}. {Times(delivery.Attempts)} tried so far{Next(delivery)}.",
        "unknown" => $"Perhaps: it was sent at {At(delivery.UpdatedAt)}, and the connection was lost before the relay answered. {(delivery.NextAt is null ? "It is not sent again by itself." : $"It is sent once more at {At(delivery.NextAt)}.")}",
        "expired" => $"No: {Relay(delivery)} kept putting it off until it was too old, last at {At(delivery.UpdatedAt)}: {Reply(delivery)}.",
        "cancelled" when delivery.Round > 1 => "No: the resend was cancelled before it was this reader's turn.",
        "cancelled" => "No: the issue was cancelled before it was this reader's turn.",
        "failed" => $"No: the message could not be made: {delivery.Detail}.",
        "skipped" => Skipped(delivery, suppression),
        "sending" => "It is being sent at this moment.",
        _ when issue.State == "paused" => $"Not yet: the issue is paused. {issue.Reason}".TrimEnd(),
        _ when issue.WaitingUntil is { } until => $"Not yet: every relay has sent what it may today, and goes on at {At(until)}.",
        _ => "Not yet: it waits for its turn.",
    };

    private static string Skipped(DeliveryReport delivery, SuppressionFact? suppression) => delivery.Reason switch
    {
        "suppressed" when suppression is not null => $"No: the address is suppressed since {At(suppression.At)} ({Ground(suppression)}).",
        "suppressed" => "No: the address was suppressed at the time.",
        "unsubscribed" when delivery.Round > 1 => "No: the reader left before the resend.",
        "unsubscribed" => "No: the reader left after the issue was frozen and before it was sent.",
        "erased" => "No: the reader was erased before it was sent.",
        "paused" => "No: the reader had paused the newsletter at the time.",
        "digest" => "No: the reader had chosen one digest a month in the place of single issues.",
        _ => $"No: it was left out ({delivery.Reason}).",
    };

    private static string Ground(SuppressionFact suppression) =>
        suppression.Evidence is { } evidence ? $"{suppression.Reason}: {evidence}" : suppression.Reason;

    private static string Absent(Outsider reader)
    {
        if (reader.SubscriberId is null)
            return "No: nobody here has this address.";
        if (reader.State == "freezing")
            return "Not yet: the issue is still being frozen.";
        if (reader.Status is null)
            return "No: the reader is not subscribed to this newsletter.";
        if (reader.Status == "pending")
            return "No: the subscription was never confirmed.";
        if (reader.SubscribedAt > reader.FrozenAt)
            return $"No: the reader subscribed at {At(reader.SubscribedAt)}, after the issue was frozen at {At(reader.FrozenAt)}.";
        if (reader.Status == "active" && reader.ConfirmedAt > reader.FrozenAt)
            return $"No: the reader confirmed the subscription at {At(reader.ConfirmedAt)}, after the issue was frozen at {At(reader.FrozenAt)}.";
        if (reader.Status == "unsubscribed" && !(reader.UnsubscribedAt > reader.FrozenAt))
            return $"No: the reader had left at {At(reader.UnsubscribedAt)} ({reader.UnsubscribedBy ?? "unsubscribed"}), before the issue was frozen.";
        if (reader.Kind == "digest" && reader.Status == "active")
            return $"No: it is a digest, for those who chose one a month in the place of single issues, and this reader had not when it was frozen at {At(reader.FrozenAt)}.";
        if (reader.EditionTier == "premium" && reader.Tier != "premium")
            return "No: the edition went to premium readers only, and this reader is on the free tier.";
        if (reader.Segment is { } segment && reader.Status == "active")
            return $"No: the edition went to the segment '{segment}', and this reader was not in it when the issue was frozen at {At(reader.FrozenAt)}.";
        return $"No: the reader was not an active {(reader.EditionTier == "premium" ? "premium " : "")}subscriber when the issue was frozen at {At(reader.FrozenAt)}.";
    }

    private static string At(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "an unknown time";

    private static string Reply(DeliveryReport delivery) => Reply(delivery.SmtpCode, delivery.EnhancedStatus, delivery.Detail);

    private static string Reply(int? code, string? status, string? text) =>
        string.Join(' ', new[] { code is > 0 ? code.Value.ToString(CultureInfo.InvariantCulture) : null, status, text?.TrimEnd('.') }.Where(part => !string.IsNullOrEmpty(part)));

    // A relay that was given no name is called just that.
    private static string Relay(DeliveryReport delivery) => delivery.Relay is null or "relay" ? "the relay" : $"the relay {delivery.Relay}";

    private static string Queue(DeliveryReport delivery) => delivery.QueueId is null ? "" : $" as {delivery.QueueId}";

    private static string Again(DeliveryReport delivery) =>
        // In a later round that is told with the round.
        delivery is { Resends: > 0, Round: 1 } ? " It was sent twice, because the relay's first answer was lost: the second copy has the same Message-ID." : "";

    private static string Next(DeliveryReport delivery) => delivery.NextAt is null ? "" : $", next at {At(delivery.NextAt)}";

    private static string Times(int attempts) => attempts == 1 ? "1 time" : string.Create(CultureInfo.InvariantCulture, $"{attempts} times");
}
