using System.Text;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>Reports made up here in the forms that servers write, each with what it should be read as.</summary>
internal static class ReportForms
{
    public const string Returned = """
        Return-Path: <news@example.com>
        Received: from mail.example.com by mx.example.net; Thu, 1 Jan 2026 10:00:00 +0000
        From: News <news@example.com>
        To: reader@example.net
        Subject: Issue 35
        Message-ID: <issue-35.1@example.com>

        Hello.
        """;

    /// <summary>Name, mail, then kind, reason, status, recipient.</summary>
    public static IEnumerable<(string Name, string Mail, string Expected)> All()
    {
        yield return ("a delivery report", Dsn("failed", "5.1.1", "smtp; 550 5.1.1 <reader@example.net>: Recipient address rejected: User unknown"), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("a report of delivery", Dsn("delivered", "2.0.0", "smtp; 250 2.0.0 OK"), "Other delivered  reader@example.net");
        yield return ("a report of delay", Dsn("delayed", "4.4.1", "X-Postfix; connect to mx.example.net[192.0.2.1]: Connection timed out"), "Soft expired 4.4.1 reader@example.net");
        yield return ("a status that the remote server contradicts", Dsn("failed", "5.1.1", "smtp; 550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example.org"), "Soft blocked 5.7.1 reader@example.net");
        yield return ("exim", Plain("Mail delivery failed: returning message to sender", """
            This message was created automatically by mail delivery software.

            A message that you sent could not be delivered to one or more of its
            recipients. This is a permanent error. The following address(es) failed:

              reader@example.net
                SMTP error from remote mail server after RCPT TO:<reader@example.net>:
                host mx.example.net [192.0.2.1]: 550 5.2.2 Mailbox full

            ------ This is a copy of the message, including all the headers. ------

            """ + Returned), "Soft mailboxfull 5.2.2 reader@example.net");
        yield return ("qmail", Plain("failure notice", """
            Hi. This is the qmail-send program at mx.example.org.
            I'm afraid I wasn't able to deliver your message to the following addresses.
            This is a permanent error; I've given up. Sorry it didn't work out.

            <reader@example.net>:
            Sorry, no mailbox here by that name. (#5.1.1)

            --- Below this line is a copy of the message.

            """ + Returned), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("sendmail of old", Plain("Returned mail: User unknown", """
            The original message was received at Thu, 1 Jan 2026 10:00:00 +0000
            from mail.example.com [192.0.2.9]

               ----- The following addresses had permanent fatal errors -----
            <reader@example.net>

               ----- Transcript of session follows -----
            ... while talking to mx.example.net.:
            >>> RCPT To:<reader@example.net>
            <<< 550 <reader@example.net>... User unknown
            550 <reader@example.net>... User unknown

               ----- Unsent message follows -----

            """ + Returned), "Hard userunknown  reader@example.net");
        yield return ("exchange of old", Plain("Undeliverable: Issue 35", """
            Your message

              To:      reader@example.net
              Subject: Issue 35
              Sent:    Thu, 1 Jan 2026 10:00:00 +0000

            did not reach the following recipient(s):

            reader@example.net on Thu, 1 Jan 2026 10:00:05 +0000
                The recipient name is not recognized
            	The MTS-ID of the original message is: c=jp;a= ;p=example;l=EX1-1
                MSEXCH:IMS:Example:Site:EX1 0 (000C05A6) Unknown Recipient

            """), "Hard userunknown  reader@example.net");
        yield return ("notes", Plain("DELIVERY FAILURE: User reader (reader@example.net) not listed in Domino Directory", """
            ------- Failure Reasons  --------

            User not listed in public Name & Address Book
            reader@example.net

            ------- Returned Message --------

            """ + Returned), "Hard userunknown  reader@example.net");
        yield return ("google of old", Plain("Delivery Status Notification (Failure)", """
            Delivery to the following recipient failed permanently:

                 reader@example.net

            Technical details of permanent failure:
            Google tried to deliver your message, but it was rejected by the recipient domain. We recommend contacting the other email provider for further information about the cause of this error. The error that the other server returned was: 550 550 5.1.1 <reader@example.net>... User Unknown (state 14).

            ----- Original message -----

            """ + Returned), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("imail", Plain("Undeliverable Mail", "Unknown user: reader@example.net\n\nOriginal message follows.\n\n" + Returned), "Hard userunknown  reader@example.net");
        yield return ("mailmarshal", Plain("Undeliverable Mail: \"Issue 35\"", """
            Your message:
               From:    news@example.com
               Subject: Issue 35

            Could not be delivered because of

            550 5.7.1 Message content rejected due to spam

            The following recipients were affected:
                reader@example.net

            Additional Information
            ======================
            """), "Soft spamdetected 5.7.1 reader@example.net");
        yield return ("surfcontrol", Plain("Message delivery failed", """
            Your message could not be sent.
            A transcript of the attempts to send the message follows.
            The number of attempts made: 1
            Addressed To: reader@example.net

            Thu 1 Jan 2026 10:00:00 +0000
            Failed to send to identified host,
            reader@example.net: [192.0.2.1], 552 5.2.2 Over quota

            --- Message non-deliverable.
            """), "Soft mailboxfull 5.2.2 reader@example.net");
        yield return ("yahoo", Plain("Failure Notice", """
            Sorry, we were unable to deliver your message to the following address.

            <reader@example.net>:
            Remote host said:
            550 5.1.1 <reader@example.net>... User Unknown
             [RCPT_TO]

            --- Below this line is a copy of the message.

            """ + Returned), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("a carrier", Plain("Mail System Error - Returned Mail", """
               ----- The following addresses had delivery problems -----

            reader@example.net

               ----- Non-delivered information -----
            The number of messages in recipient's mailbox exceeded the local limit.

            """ + Returned), "Soft mailboxfull  reader@example.net");
        yield return ("a complaint", """
            From: feedback@example.org
            To: abuse@example.com
            Subject: FW: Issue 35
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=feedback-report; boundary=b

            --b
            Content-Type: text/plain

            This is an email abuse report.

            --b
            Content-Type: message/feedback-report

            Feedback-Type: abuse
            User-Agent: Example/1.0
            Version: 1
            Original-Rcpt-To: <reader@example.net>

            --b
            Content-Type: message/rfc822

            """ + "\n" + Returned + "\n--b--\n", "Complaint feedback  reader@example.net");
        yield return ("out of office", """
            From: Reader <reader@example.net>
            To: bounce@example.com
            Subject: Automatic reply: Issue 35
            Auto-Submitted: auto-replied
            In-Reply-To: <issue-35.1@example.com>

            I am away until Monday. In urgent matters write to other@example.net.
            """, "AutoReply vacation  reader@example.net");
        foreach (var form in ReportsInWords.All())
            yield return form;
    }

    public static byte[] Bytes(string mail) => Encoding.UTF8.GetBytes(mail.ReplaceLineEndings("\r\n"));

    public static string Dsn(string action, string status, string diagnostic) => $"""
        From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
        To: bounce@example.com
        Subject: Undelivered Mail Returned to Sender
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary=b

        --b
        Content-Type: text/plain

        This is the mail system at host mx.example.org.

        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; reader@example.net
        Original-Recipient: rfc822;alias@example.net
        Action: {action}
        Status: {status}
        Diagnostic-Code: {diagnostic}

        --b
        Content-Type: text/rfc822-headers

        {Returned.Split("\n\n")[0]}

        --b--

        """;

    private static string Plain(string subject, string text) => $"""
        Return-Path: <>
        From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
        To: bounce@example.com
        Subject: {subject}

        {text}
        """;
}
