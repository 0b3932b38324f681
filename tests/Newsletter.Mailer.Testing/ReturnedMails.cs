using System.Globalization;
using System.Text;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Testing;

/// <summary>Mail that comes back of an issue of a <see cref="Mailroom"/>, as servers and readers write it.</summary>
public sealed class ReturnedMails(Mailroom room, long issue)
{
    /// <summary>Where it comes back to.</summary>
    public const string BounceAddress = "bounce@news.example.com";

    private static int s_number;

    /// <summary>The paths of that address.</summary>
    public static ReturnPaths Paths { get; } = ReturnPaths.TryCreate(BounceAddress, out var paths) is null ? paths! : throw new InvalidOperationException();

    /// <summary>The envelope sender of a delivery.</summary>
    public async Task<string> SenderOf(int seq) => Paths.For(new DeliveryToken(issue, seq).Sign(room.Keys, await LinkKey()));

    /// <summary>A delivery report (RFC 3464) by which a server refuses a reader, sent to the delivery's own address.</summary>
    public async Task<byte[]> BounceAsync(int seq, string status = "5.1.1", string diagnostic = "550 5.1.1 User unknown", string action = "failed") =>
        Report(await SenderOf(seq), seq, status, diagnostic, action, await ReturnedAsync(seq));

    /// <summary>The same to an address that says nothing, of a message that says only its Message-ID.</summary>
    public async Task<byte[]> BounceByMessageIdAsync(int seq, string recipient, string status = "5.1.1") =>
        Report("postmaster@news.example.com", seq, status, $"550 {status} No", "failed", $"Message-ID: <{await MessageIdOf(seq)}>\nSubject: Edition\nFrom: tea@example.com\n", recipient);

    /// <summary>A complaint (RFC 5965) to the feedback address, the reader's address blacked out.</summary>
    public async Task<byte[]> ComplaintAsync(int seq) => Complaint(await ReturnedAsync(seq));

    /// <summary>A complaint about a message that keeps nothing but its Message-ID, and names its reader.</summary>
    public async Task<byte[]> ComplaintByMessageIdAsync(int seq, string reader) =>
        Complaint($"Message-ID: <{await MessageIdOf(seq)}>\nSubject: Edition\nFrom: tea@example.com\nTo: {reader}\n");

    /// <summary>A mail of a reader's program to the address of List-Unsubscribe.</summary>
    public async Task<byte[]> LeaveAsync(int seq) => Bytes($"""
        Return-Path: <somebody@example.net>
        From: Somebody <somebody@example.net>
        To: {Paths.For(new DeliveryToken(issue, seq).Sign(room.Keys, await LinkKey(), LinkPurpose.Leave))}
        Subject: unsubscribe
        Message-ID: <{Next()}@example.net>
        Date: Thu, 01 Jan 2026 10:00:00 +0000

        """);

    /// <summary>An answer that no person wrote.</summary>
    public async Task<byte[]> VacationAsync(int seq) => Bytes($"""
        From: Somebody <somebody@example.net>
        To: {await SenderOf(seq)}
        Subject: Out of office: away until Monday
        Auto-Submitted: auto-replied
        Message-ID: <{Next()}@example.net>

        I am away.
        """);

    /// <summary>Something that nothing can be made of.</summary>
    public static byte[] Letter() => Bytes($"""
        From: Somebody <somebody@example.net>
        To: {BounceAddress}
        Subject: A word to the editor
        Message-ID: <{Next()}@example.net>

        I liked number 35. Yours, Somebody
        """);

    /// <summary>The Message-ID of a delivery.</summary>
    public async Task<string> MessageIdOf(int seq) =>
        IssueMessageId.Of(issue, seq, (await room.Database.ScalarAsync<string>("select nonce from issues where id = $1", issue))!);

    private async Task<string> LinkKey() => (await room.Database.ScalarAsync<string>("select link_key from issues where id = $1", issue))!;

    private async Task<string> ReturnedAsync(int seq)
    {
        var reader = await room.Database.ScalarAsync<long>("select subscriber_id from deliveries where issue_id = $1 and seq = $2", issue, seq);
        var newsletter = await room.Database.ScalarAsync<long>("select newsletter_id from issues where id = $1", issue);
        var token = new UnsubscribeToken(newsletter, reader, issue).Sign(room.Keys, await LinkKey());
        return $"Return-Path: <redacted>\nMessage-ID: <{await MessageIdOf(seq)}>\nList-Unsubscribe: <{room.Site.Unsubscribe(token)}>\nSubject: Edition\nFrom: tea@example.com\nTo: <redacted>\n";
    }

    private static byte[] Report(string to, int seq, string status, string diagnostic, string action, string returned, string? recipient = null) => Bytes($"""
        Return-Path: <>
        Delivered-To: {to}
        From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
        To: {to}
        Subject: Undelivered Mail Returned to Sender
        Message-ID: <{Next()}@mx.example.net>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="report"

        --report
        Content-Type: text/plain

        This is the mail system at host mx.example.net.

        <{recipient ?? $"reader{seq}@example.net"}>: {diagnostic}

        --report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.net

        Final-Recipient: rfc822; {recipient ?? $"reader{seq}@example.net"}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; {diagnostic}

        --report
        Content-Type: text/rfc822-headers

        {returned}
        --report--
        """);

    private static byte[] Complaint(string returned) => Bytes($"""
        Return-Path: <>
        From: staff@feedback.example.org
        To: feedback@news.example.com
        Subject: FW: Edition
        Message-ID: <{Next()}@feedback.example.org>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="report"

        --report
        Content-Type: text/plain

        This is an email abuse report for an email message.

        --report
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: Example/1.0
        Version: 1

        --report
        Content-Type: message/rfc822

        {returned}
        Hello.
        --report--
        """);

    private static string Next() => string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref s_number)}.{Guid.NewGuid():n}");

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n"));
}
