using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback.Bounces;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>What a mail in the mailbox comes to.</summary>
/// <param name="Outcome"><c>bounce</c>, <c>complaint</c>, <c>unsubscribe</c>, <c>auto_reply</c>, <c>delay</c>, <c>other</c> or <c>unclear</c>.</param>
/// <param name="Claims">What it says of readers; empty where nothing follows from it.</param>
internal sealed record MailNews(string Outcome, IReadOnlyList<FeedbackClaim> Claims)
{
    /// <summary>Why it is unclear, for people.</summary>
    public string? Why { get; init; }

    /// <summary>Its subject, without addresses.</summary>
    public string? Subject { get; init; }

    /// <summary>The domain of its sender.</summary>
    public string? Domain { get; init; }
}

/// <summary>
/// Reads a mail that came to the mailbox: what it says and of whom. Pure. Nobody is believed without a token of ours (the address that it came to, the
/// envelope id, or what the returned message's own headers hold); without any, a Message-ID of ours counts together with its reader's address.
/// </summary>
internal static partial class ReturnedMail
{
    private static readonly string[] s_recipientHeaders =
        ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-RCPT-To", "Apparently-To", "To", "Cc", "Resent-To"];

    // A mail that holds thousands must not cost as many signatures.
    private const int MostTokens = 100;

    public static MailNews Read(byte[] mail, KeyRing keys, ReturnPaths? paths)
    {
        if (ReportMail.Parse(mail) is not { } report)
            return new MailNews("unclear", []) { Why = "It is no mail: it has no header." };
        var about = new MailNews("unclear", []) { Subject = Kept(report.Mail.Subject), Domain = DomainOf(report) };
        var to = s_recipientHeaders.SelectMany(name => report.Mail.Headers.Where(header => header.Field.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .SelectMany(header => Addresses.In(header.Value)).ToList();
        // Such an address stands in List-Unsubscribe alone and sends nothing: whatever its writer says, they wish to leave.
        if (Leaving(to, keys, paths) is { } leaves)
            return about with { Outcome = "unsubscribe", Claims = [leaves] };
        var readings = BounceReader.Read(report);
        if (readings.Count == 0)
            return about with { Why = "It is no bounce, no complaint, no automatic answer and no request to leave." };
        var telling = Telling(readings);
        var outcome = OutcomeOf(telling);
        if (outcome is "auto_reply" or "other" or "delay")
            return about with { Outcome = outcome };
        var claims = Claims(telling, readings, Who(to, report, mail, keys, paths));
        return claims.Count > 0
            ? about with { Outcome = outcome, Claims = claims }
            : about with { Why = $"It is a {outcome} ({telling.Reason}{(telling.Status.Length > 0 ? $", {telling.Status}" : "")}), and nothing in it names a delivery of ours." };
    }

    // What is gravest of a message that was for one reader: an alias of theirs may have been told of as well, but then the first is the reader's.
    private static BounceReading Telling(IReadOnlyList<BounceReading> readings) =>
        readings.FirstOrDefault(reading => reading.Kind is BounceKind.Complaint)
        ?? readings.FirstOrDefault(reading => reading.Kind is BounceKind.Hard or BounceKind.Soft && reading.Action != "delayed")
        ?? readings[0];

    private static string OutcomeOf(BounceReading reading) => reading.Kind switch
    {
        BounceKind.Complaint => "complaint",
        BounceKind.AutoReply => "auto_reply",
        BounceKind.Other => "other",
        // RFC 3464 §2.3.3: it is tried again.
        _ when reading.Action == "delayed" => "delay",
        _ => "bounce",
    };

    private static List<FeedbackClaim> Claims(BounceReading telling, IReadOnlyList<BounceReading> readings, FeedbackClaim? who)
    {
        if (who is not null)
            return [Says(who, telling)];
        return [.. readings.Where(reading => OutcomeOf(reading) == OutcomeOf(telling))
            .Select(reading => Says(new FeedbackClaim(), reading).ByMessageId(reading.MessageId))
            .Where(claim => claim is { IssueId: not null, Address.Length: > 0 })];
    }

    private static FeedbackClaim Says(FeedbackClaim who, BounceReading reading) => who with
    {
        // 4.x.x: it was given up, and not refused for good.
        Failure = FailureRules.Of(
            reading.Cause, reading.Status,
            permanent: BounceReasons.KindOf(reading.Cause, reading.Status, reading.ReplyCode) is BounceKind.Hard && !reading.Status.StartsWith('4') && !reading.ReplyCode.StartsWith('4')),
        Status = reading.Status.Length > 0 ? reading.Status : null,
        ReplyCode = int.TryParse(reading.ReplyCode, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null,
        Evidence = Kept(reading.Text),
        Address = reading.OriginalRecipient.Length > 0 ? reading.OriginalRecipient : reading.Recipient,
    };

    private static FeedbackClaim? Leaving(List<string> to, KeyRing keys, ReturnPaths? paths) =>
        paths is null ? null : to.Select(address => paths.Read(keys, address, LinkPurpose.Leave)).FirstOrDefault(token => token is not null) is { } token
            ? new FeedbackClaim { IssueId = token.IssueId, Seq = token.Seq }
            : null;

    private static FeedbackClaim? Who(List<string> to, ReportMail report, byte[] mail, KeyRing keys, ReturnPaths? paths)
    {
        if (paths is not null && to.Select(address => paths.Read(keys, address)).FirstOrDefault(token => token is not null) is { } came)
            return By(came);
        if (EnvelopeId().Match(report.DeliveryStatus) is { Success: true } envelope && DeliveryToken.Verify(keys, envelope.Groups["id"].ValueSpan) is { } sent)
            return By(sent);
        var text = Returned(report, mail);
        if (paths is not null && Ours(text, paths).Take(MostTokens).Select(address => paths.Read(keys, address) ?? paths.Read(keys, address, LinkPurpose.Leave)).FirstOrDefault(token => token is not null) is { } found)
            return By(found);
        return UnsubscribeLink().Matches(text).Take(MostTokens).Select(link => UnsubscribeToken.Verify(keys, link.Groups["token"].Value)).FirstOrDefault(token => token is not null) is { } reader
            ? new FeedbackClaim { IssueId = reader.IssueId > 0 ? reader.IssueId : null, NewsletterId = reader.NewsletterId, SubscriberId = reader.SubscriberId }
            : null;
    }

    // Whatever stands in a text between what our addresses begin and end with.
    private static IEnumerable<string> Ours(string text, ReturnPaths paths)
    {
        var longest = paths.Before.Length + DeliveryToken.MaxLength + paths.Behind.Length;
        for (var at = text.IndexOf(paths.Before, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(paths.Before, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = text.IndexOf(paths.Behind, at, Math.Min(longest, text.Length - at), StringComparison.OrdinalIgnoreCase);
            if (end > 0)
                yield return text[at..(end + paths.Behind.Length)];
        }
    }

    private static FeedbackClaim By(DeliveryToken token) => new() { IssueId = token.IssueId, Seq = token.Seq };

    // The returned message's own headers first; then all of it, for servers that return it as text. Soft line breaks would cut tokens.
    private static string Returned(ReportMail report, byte[] mail)
    {
        var headers = report.Returned is { } returned ? string.Join('\n', returned.Select(header => header.Value)) : "";
        return $"{headers}\n{Encoding.Latin1.GetString(mail).Replace("=\r\n", "", StringComparison.Ordinal).Replace("=\n", "", StringComparison.Ordinal)}\n{report.Text}";
    }

    private static string? Kept(string? text) => string.IsNullOrWhiteSpace(text) ? null : SmtpText.Kept(text.Trim());

    private static string? DomainOf(ReportMail report) =>
        report.Mail.From.Mailboxes.FirstOrDefault()?.Domain is { Length: > 0 and < 254 } domain ? SmtpText.Storable(domain.ToLowerInvariant()) : null;

    [GeneratedRegex(@"^Original-Envelope-Id:\s*(?<id>[A-Za-z2-7]{20,45})\s*$", RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex EnvelopeId();

    [GeneratedRegex(@"/unsubscribe/(?<token>[a-z0-9]{1,8}\.[A-Za-z0-9_-]{20,190})", RegexOptions.NonBacktracking)]
    private static partial Regex UnsubscribeLink();
}
