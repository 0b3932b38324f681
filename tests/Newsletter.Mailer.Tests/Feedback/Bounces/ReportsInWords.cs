using System.Text;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>More reports made up here: the forms of servers and gateways that write in words alone.</summary>
internal static class ReportsInWords
{
    public static IEnumerable<(string Name, string Mail, string Expected)> All()
    {
        yield return ("activehunter", Report("FAILURE NOTICE :", """
               ----- The following addresses had permanent fatal errors -----

            >>> reader@example.net <reader@example.net>

               ----- Transcript of session follows -----
            550 sorry, no mailbox here by that name (#5.1.1 - chkusr)

               ----- Original message follows -----
            """, headers: ["X-AHMAILID: x"]), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("courier", Report("NOTICE: mail delivery status.", """
            This is a delivery status notification from mail.example.org,
            running the Courier mail server, version 1.0.0.

            The original message was received on Thu, 1 Jan 2026 10:00:00 +0000
            from (client.example.com [192.0.2.9])

            ---------------------------------------------------------------------------

                                       UNDELIVERABLE MAIL

            Your message to the following recipients cannot be delivered:

            <reader@example.net>:
                mx.example.net [192.0.2.1]:
            >>> RCPT TO:<reader@example.net>
            <<< 550 5.1.1 <reader@example.net>... User Unknown

            ---------------------------------------------------------------------------

            If your message was also sent to additional recipients, their delivery
            status is not included in this report. You may or may not receive
            other delivery status notifications for additional recipients.
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("courier without a host", Report("NOTICE: mail delivery status.", """
            Your message to the following recipients cannot be delivered:

            <reader@nohost.example.net>:
             No such domain.
            """), "Hard hostunknown  reader@nohost.example.net");
        yield return ("einsundeins", Report("Mail delivery failed: returning message to sender", """
            This message was created automatically by mail delivery software.

            A message that you sent could not be delivered to one or more of
            its recipients. The following addresses failed:

            "reader@example.net":
            SMTP error from remote server after RCPT command:
            host: mx.example.net
            5.1.1 <reader@example.net>... User Unknown

            --- The header of the original message is following. ---
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("domino", Report("DELIVERY FAILURE: User reader (reader@example.net) not listed in Domino Directory", """
            Your message

              Subject: Issue 35

            was not delivered to:

              reader@example.net

            because:

              User reader (reader@example.net) not listed in Domino Directory
            """), "Hard userunknown  reader@example.net");
        yield return ("imail that gave up", Report("Undeliverable Mail", """
            Delivery failed 20 attempts: reader@example.net


            Original message follows.
            """, headers: ["From: postmaster@mx.example.org"]), "Soft expired  reader@example.net");
        yield return ("a gateway with the reason in brackets", Report("Delivery Status", """
            This message was created automatically by the mail system.

               --- The following addresses had delivery problems ---

            <reader@example.net>   (User unknown reader@example.net)


            -------------- MESSAGE HEADERS --------------
            """, headers: ["X-NAI-Header: Modified by McAfee Email Gateway"]), "Hard userunknown  reader@example.net");
        yield return ("sun messaging server", Report("Delivery Notification: Delivery has failed", """
            This report relates to a message you sent with the following header fields:

              Return-path: <news@example.com>
              Received: from mail.example.com by mx.example.org
              Date: Thu, 1 Jan 2026 10:00:00 +0000
              Message-id: <issue-35.1@example.com>

            Your message cannot be delivered to the following recipients:

              Recipient address: reader@example.net
              Original address: reader@example.net
              Reason: Remote SMTP server has rejected address
              Diagnostic code: smtp;550 5.1.1 unknown or illegal alias: reader@example.net
              Remote system: dns;mx.example.net (TCP|192.0.2.9|40000|192.0.2.1|25) (mx.example.net ESMTP)
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("a reason in square brackets", Report("Returned Mail: User unknown", """
            The original message was received at Thu, 1 Jan 2026 10:00:00 +0000
            from news@example.com

            ---The following addresses had delivery errors---

            reader@example.net [User unknown]
            """, headers: ["From: Mail System <postmaster@mx.example.org>"]), "Hard userunknown  reader@example.net");
        yield return ("a reply in square brackets", Report("There was an error sending your mail", """
            We had trouble delivering your message. Full details follow:

            Subject: 'Issue 35'
            Date: 'Thu, 1 Jan 2026 10:00:00 +0000'

            1 error(s):

            SMTP Server <mx.example.net> rejected recipient <reader@example.net> 
              (Error following RCPT command). It responded as follows: [550 5.1.1 <reader@example.net>... User Unknown]

            -- Original message --
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("interscan", Report("Mail could not be delivered", """
            Sent <<< RCPT TO:<reader@example.net>
            Received >>> 550 5.1.1 <reader@example.net>... user unknown

            Unable to deliver message to <reader@example.net>
            """, headers: ["From: \"Notification\" <postmaster@mx.example.org>"]), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("zoho, folded by quoted-printable", Report("Undelivered Mail Returned to Sender", """
            This message was created automatically by mail delivery software.
             A message that you sent could not be delivered to one or more of its recip=
            ients. This is a permanent error. 

            reader@example.net Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.=
            1 <reader@example.net>... User Unknown


            Received:from mail.example.com by mx.example.net; Thu, 1 Jan 2026 10:00:00 +0000
            """, headers: ["From: mailer-daemon@mx.example.org", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: quoted-printable"]), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("a spam firewall", Report("**Message you sent blocked by our bulk email filter**", """
            Your message to: reader@example.net
            was blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:

            Subject: Issue 35
            """), "Soft spamdetected  reader@example.net");
        yield return ("dragonfly", Report("Mail delivery failed", """
            Hello,

            This is the DragonFly Mail Agent v0.13 at mx.example.org.

            There was an error delivering your mail to <reader@example.net>.

            mx.example.net [192.0.2.1] did not like our RCPT TO:
            550 5.1.1 <reader@example.net>: Recipient address rejected: User unknown

            Message headers follow.
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("dragonfly after the data", Report("Mail delivery failed", """
            Hello,

            This is the DragonFly Mail Agent v0.13 at mx.example.org.

            There was an error delivering your mail to <reader@example.net>.

            mx.example.net [192.0.2.1] did not like our final DATA:
            550 User unknown

            Message headers follow.
            """), "Soft filtered  reader@example.net");
        yield return ("exim without a route", Report("Mail delivery failed: returning message to sender", """
            This message was created automatically by mail delivery software.

            A message that you sent could not be delivered to one or more of its
            recipients. This is a permanent error. The following address(es) failed:

              reader@example.net
                Unrouteable address

            ------ This is a copy of the message, including all the headers. ------
            """, headers: ["X-Failed-Recipients: reader@example.net"]), "Hard hostunknown  reader@example.net");
        yield return ("exim that waits", Report("Warning: message 1abc-000 delayed 24 hours", """
            This message was created automatically by mail delivery software.
            A message that you sent has not yet been delivered to one or more of its
            recipients after more than 24 hours on the queue on mx.example.org.

            The message identifier is:     1abc-000
            The date of the message is:    Thu, 1 Jan 2026 10:00:00 +0000
            The subject of the message is: Issue 35

            The address to which the message has not yet been delivered is:

              reader@example.net
                Delay reason: SMTP error from remote mail server after initial connection: 421 busy

            No action is required on your part. Delivery attempts will continue for
            some time, and this warning may be repeated at intervals if the message
            remains undelivered.
            """, returned: false), "Soft expired  reader@example.net");
        yield return ("exim with a program", Report("Mail delivery failed: returning message to sender", """
            A message that you sent could not be delivered to one or more of its
            recipients. This is a permanent error. The following address(es) failed:

              pipe to |/usr/bin/vacation
                generated by reader@example.net
                Child process of address_pipe transport returned 127 (could mean unable to exec or command does not exist) from command:
                /usr/bin/vacation

            ------ This is a copy of the message, including all the headers. ------
            """), "Soft mailererror  reader@example.net");
        yield return ("qmail-ldap", Report("failure notice", """
            Hi. This is the qmail-send program at mx.example.org.
            I'm afraid I wasn't able to deliver your message to the following addresses.
            This is a permanent error; I've given up. Sorry it didn't work out.

            <reader@example.net>:
            Mailaddress is administrative disabled. (#5.2.1)

            --- Below this line is a copy of the message.
            """), "Soft suspend 5.2.1 reader@example.net");
        yield return ("opensmtpd", Report("Delivery status notification: error", """
                Hi!

                This is the MAILER-DAEMON, please DO NOT REPLY to this email.

                An error has occurred while attempting to deliver a message for
                the following list of recipients:

            reader@nohost.example.net: Invalid domain name

                Below is a copy of the original message:
            """), "Hard hostunknown  reader@nohost.example.net");
        yield return ("google", Report("Delivery Status Notification (Failure)", """
            ** Address not found **

            Your message wasn't delivered to reader@example.net because the address couldn't be found, or is unable to receive mail.

            The response from the remote server was:
            550 5.1.1 <reader@example.net>: Recipient address rejected: User unknown in virtual alias table
            """, returned: false, headers: ["From: Mail Delivery Subsystem <mailer-daemon@mx.example.org>"]), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("james", Report("[BOUNCE]", """
            Hi. This is the James mail server at mx.example.org.
            I'm afraid I wasn't able to deliver your message to the following addresses.
            This is a permanent error; I've given up. Sorry it didn't work out.  Below
            I include the list of recipients and the reason why I was unable to deliver
            your message.

            Failed recipient(s):
            reader@example.net

            Error message:
            550 5.1.1 <reader@example.net>... User Unknown


            Message details:
              Subject: Issue 35
            """), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("exchange in html", Report("Undeliverable: Issue 35", """
            <html><body><p>Delivery has failed to these recipients or groups:</p><p><a href="mailto:reader@example.net">reader@example.net</a><br>The e-mail address you entered couldn't be found. Please check the recipient's e-mail address and try to resend the message.</p><p>Diagnostic information for administrators:</p><p>Generating server: mx.example.org</p><p>reader@example.net<br>#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##</p><p>Original message headers:</p><pre>Received: from a by b
            Message-ID: &lt;issue-35.1@example.com&gt;
            From: News
            </pre></body></html>
            """, returned: false, headers: ["MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"]), "Hard userunknown 5.1.1 reader@example.net");
        yield return ("a mailing list", Report("fml Failure Notice", """
            You (news@example.com) are not member of cats@example.net.

            NOT MEMBER article from news@example.com

            Original mail:
            """, headers: ["From: cats-admin@example.net", "X-MLServer: fml [fml 4.0.3 release]"]), "Soft rejected  reader@example.net");
    }

    private static string Report(string subject, string text, bool returned = true, params string[] headers)
    {
        var mail = new StringBuilder("Return-Path: <>\n");
        if (!Array.Exists(headers, header => header.StartsWith("From:", StringComparison.Ordinal)))
            mail.Append("From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\n");
        mail.AppendJoin("", headers.Select(header => header + "\n")).Append("To: news@example.com\nSubject: ").Append(subject).Append("\n\n").Append(text);
        return returned ? mail.Append("\n\n").Append(ReportForms.Returned).ToString() : mail.ToString();
    }
}
