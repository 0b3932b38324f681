namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>
/// Replies in the wording of servers' sources and manuals (Postfix, Exim, sendmail, qmail, OpenSMTPD, chkuser, amavisd) and of postmaster pages,
/// each with the reason it should be given. None is taken from the mails of the shared folder.
/// </summary>
internal static class WhatServersSay
{
    /// <summary>A reason on a line of its own, then the replies it is to be given for.</summary>
    public const string Replies = """
        authfailure
            550 5.7.23 Message failed SPF check (in reply to end of DATA command)
            550 SPF MAIL FROM check failed: http://www.openspf.org/Why (in reply to end of DATA command)
            550 5.7.20 No passing DKIM signature found (in reply to end of DATA command)
            550 5.7.1 rejected by DMARC policy for example.com (in reply to end of DATA command)
            554 5.7.5 Permanent error evaluating DMARC policy (in reply to end of DATA command)
        badreputation
            554 Connection refused. This IP has a poor reputation on Cloudmark Sender Intelligence (CSI). IB103
            451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.
        blocked
            554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example.org; blocked (in reply to RCPT TO command)
            504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname (in reply to RCPT TO command)
            550 5.7.1 <localhost>: Helo command rejected: Host not found (in reply to RCPT TO command)
            550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1) (in reply to RCPT TO command)
            554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied (in reply to RCPT TO command)
            421 4.7.0 Try again later, closing connection.
            550 5.7.606 Access denied, banned sending IP [192.0.2.1]
            554 5.7.1 AUP#CXBL
        contenterror
            550 5.6.0 improper use of 8-bit data in message header (in reply to end of DATA command)
            554 5.6.1 Eight bit data not allowed (in reply to end of DATA command)
            550 5.6.0 Improper message format (in reply to end of DATA command)
        exceedlimit
            550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient
        expired
            connect to mx.example.com[192.0.2.1]:25: Connection timed out
            connect to mx.example.com[192.0.2.1]:25: Connection refused
            conversation with mx.example.com[192.0.2.1] timed out while sending RCPT TO
            retry timeout exceeded
            Connection timed out
            could not be delivered for more than 4 hour(s)
            Message could not be delivered for 5 days Message will be deleted from queue
            Deferred: Connection timed out with mx.example.com.
            retry time not reached for any host after a long failure period
            451 4.4.1 reply: read error from mx.example.com.
        failedstarttls
            530 5.7.0 Must issue a STARTTLS command first
            TLS is required, but was not offered by host mx.example.com[192.0.2.1]
            Cannot start TLS: handshake failure
            Server certificate not verified
            403 4.7.0 TLS handshake failed.
        filtered
            554 5.7.1 User unknown (in reply to end of DATA command)
            550 5.2.0 User unknown (in reply to end of DATA command)
        hasmoved
            551 5.1.6 User has moved; please try <jane@example.com> (in reply to RCPT TO command)
        hostunknown
            450 4.1.2 <joe@example.com>: Recipient address rejected: Domain not found (in reply to RCPT TO command)
            Host or domain name not found. Name service error for name=example.com type=AAAA: Host not found
            unable to look up host mx.example.com: Name or service not known
            550 5.1.2 <joe@nohost>... Host unknown (Name server: nohost: host not found)
            all host address lookups failed permanently
            all relevant MX records point to non-existent hosts
            lowest numbered MX record points to local host: example.com
            Unknown DNS name
        mailboxfull
            552 5.2.2 <joe@example.com>: Mailbox quota exceeded (in reply to RCPT TO command)
            452 4.2.2 Over quota (in reply to RCPT TO command)
            maildir delivery failed: error writing message: Disk quota exceeded (in reply to RCPT TO command)
            temporary failure. Command output: maildrop: maildir over quota. (in reply to RCPT TO command)
            452 4.2.2 <joe@example.com> Mailbox is full / Blocks limit exceeded / Inode limit exceeded (in reply to RCPT TO command)
            user over quota (in reply to RCPT TO command)
            local: mailbox is full (MTA-imposed quota exceeded while writing to file /home/joe/mbox) (in reply to RCPT TO command)
            Quota exceeded (mailbox for user is full) (in reply to RCPT TO command)
        mailererror
            Command died with status 67: "/usr/bin/procmail -a"
            Command time limit exceeded: "/usr/bin/vacation"
            temporary failure. Command output: lmtp: x
            "|exec /usr/local/bin/slocal" unknown mailer error 1
            local delivery failed
        mesgtoobig
            552 5.3.4 Message size exceeds fixed limit
            552 5.3.4 Error: message file too big
            message size 30000000 exceeds size limit 10240000 of server mx.example.com[192.0.2.1]
            552 Message size exceeds maximum permitted
        networkerror
            554 5.4.6 Too many hops 27 (25 max)
            mail forwarding loop for joe@example.com
            lost connection with mx.example.com[192.0.2.1] while receiving the initial server greeting
            connect to mx.example.com[192.0.2.1]:25: No route to host
            connect to mx.example.com[192.0.2.1]:25: Network is unreachable
        norelaying
            454 4.7.1 <joe@example.com>: Relay access denied (in reply to RCPT TO command)
            550 5.7.1 Relaying denied. Proper authentication required. (in reply to RCPT TO command)
            550-Please turn on SMTP Authentication in your mail client, or login to the IMAP/POP3 server before sending. relay not permitted (in reply to RCPT TO command)
            513 5.7.1 Relaying denied. (in reply to RCPT TO command)
            550 5.7.1 <joe@example.com>... Relaying denied. IP name lookup failed [192.0.2.1] (in reply to RCPT TO command)
        notaccept
            556 5.1.10 Domain does not accept mail (nullMX)
            550 5.1.10 Domain example.com does not accept mail (nullMX)
            an MX or SRV record indicated no SMTP service
            No MX found for domain
            Destination seem to reject all mails
        notcompliantrfc
            550 Messages without a valid From: header are not accepted (in reply to end of DATA command)
            554 5.6.0 Message is not RFC 2822 compliant (in reply to end of DATA command)
            550 5.7.1 Message is missing Date header (in reply to end of DATA command)
            550 bare LF received after DATA (in reply to end of DATA command)
        rejected
            553 5.1.8 <news@example.com>: Sender address rejected: Domain not found (in reply to MAIL FROM command)
            450 4.1.7 <news@example.com>: Sender address rejected: unverified address: Address verification in progress (in reply to MAIL FROM command)
            550 5.1.0 <news@example.com>: Sender address rejected: User unknown (in reply to MAIL FROM command)
            504 5.5.2 <news>: Sender address rejected: need fully-qualified address (in reply to MAIL FROM command)
            553 5.1.8 <news@example.com>... Domain of sender address news@example.com does not exist (in reply to MAIL FROM command)
            550-Verification failed for <news@example.com> Sender verify failed (in reply to MAIL FROM command)
            553 5.7.1 <news@example.com>: Sender address rejected: not owned by user joe (in reply to MAIL FROM command)
        requireptr
            450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1] (in reply to RCPT TO command)
            450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1] (in reply to RCPT TO command)
            550 5.7.1 Fix reverse DNS for 192.0.2.1 (in reply to RCPT TO command)
        spamdetected
            550 5.7.1 Blocked by SpamAssassin (in reply to end of DATA command)
            554 5.7.0 Reject, id=12345-01 - spam (in reply to end of DATA command)
            554 5.7.1 Spam message rejected (in reply to end of DATA command)
            550 Message discarded as high-probability spam (in reply to end of DATA command)
            550 5.7.1 Message rejected as spam by Content Filtering. (in reply to end of DATA command)
            550 High probability of spam (in reply to end of DATA command)
            550-This message scored 12.3 points. Congratulations! (in reply to end of DATA command)
            554 5.7.1 Gtube pattern (in reply to end of DATA command)
            550 5.7.350 Remote server returned message detected as spam -> 554 5.7.1 (in reply to end of DATA command)
        speeding
            451 4.7.1 <x>: Sender address rejected: Rate limit exceeded (in reply to RCPT TO command)
            450 4.7.1 You're sending too fast. Please try again slower (in reply to RCPT TO command)
            451 4.7.1 Requested action aborted: rate limited. Please try again slower. (in reply to RCPT TO command)
            550 5.4.5 Daily SMTP relay limit exceeded for user
            550 This IP has sent too many messages this hour. IB504
            550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour
        suspend
            550 5.2.1 Mailbox disabled for this recipient (in reply to RCPT TO command)
            550 5.2.1 This account has been disabled (in reply to RCPT TO command)
            550 User account is overdue. Mailbox suspended (in reply to RCPT TO command)
            525 5.7.13 Disabled recipient address (in reply to RCPT TO command)
            550 Account has been suspended (in reply to RCPT TO command)
            452 4.2.1 Mailbox temporarily disabled, not accepting messages (in reply to RCPT TO command)
        syntaxerror
            500 5.5.2 Error: bad syntax (in reply to RCPT TO command)
            503 5.5.1 Error: need MAIL command (in reply to RCPT TO command)
            502 5.5.2 Error: command not recognized (in reply to RCPT TO command)
            555 5.5.4 Unsupported option: SIZE (in reply to RCPT TO command)
        systemerror
            451 4.3.0 Error: queue file write error
            451 4.3.5 Server configuration error
            451 Temporary local problem - please try later
            554 5.3.5 Local configuration error
            mail for example.com loops back to myself
            451 4.3.0 Temporary system failure. Please try again later.
            Remote server is misconfigured
        systemfull
            452 4.3.1 Insufficient system storage
        toomanyconn
            421 4.7.0 mx.example.com Error: too many connections from 192.0.2.1
            452 4.5.3 Error: too many recipients
            421 4.3.2 Connection rate limit exceeded.
            421 4.3.2 Too many open connections.
            421 Too many concurrent SMTP connections; please try again later.
            450 4.7.1 Error: too much mail from 192.0.2.1
            421 4.7.0 too many SMTP sessions for this host
            550 Connection frequency limited
            421 Too many sessions from this IP. IB007
        userunknown
            550 5.1.1 <joe@example.com>: Recipient address rejected: User unknown in local recipient table (in reply to RCPT TO command)
            450 4.1.1 <joe@example.com>: Recipient address rejected: unverified address: host mx.example.com said: 550 User unknown (in reply to RCPT TO command)
            550 5.1.1 <joe@example.com>: Recipient address rejected: undeliverable address: unknown user: "joe" (in reply to RCPT TO command)
            501 5.1.3 Bad recipient address syntax (in reply to RCPT TO command)
            unknown user: "joe"
            550 no such user here (in reply to RCPT TO command)
            553 5.3.0 <joe@example.com>... No such user here (in reply to RCPT TO command)
            550 5.1.1 <joe@example.com>... User unknown (in reply to RCPT TO command)
            550 Unknown local part joe in <joe@example.com> (in reply to RCPT TO command)
            550 Callout verification failed: 550 User unknown (in reply to RCPT TO command)
            550 5.1.0 Address rejected. (in reply to RCPT TO command)
            550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found (in reply to RCPT TO command)
            511 sorry, no mailbox here by that name (#5.1.1 - chkuser) (in reply to RCPT TO command)
            550 No such local user (in reply to RCPT TO command)
            550 No such user (joe) (in reply to RCPT TO command)
            550 Recipient not found. (in reply to RCPT TO command)
            550 5.1.1 sorry, no mailbox here by that name (#5.7.17) (in reply to RCPT TO command)
            550 the recipient joe@example.com does not exist (in reply to RCPT TO command)
            554 Invalid recipient (in reply to RCPT TO command)
            550 joe@example.com is not a valid mailbox (in reply to RCPT TO command)
            550 Addressee unknown (in reply to RCPT TO command)
            550 Not a valid recipient (in reply to RCPT TO command)
            550 mailbox is not found (in reply to RCPT TO command)
        virusdetected
            554 5.7.1 virus Worm.SomeFool.P detected by ClamAV - http://www.clamav.net (in reply to end of DATA command)
            550 This message contains a virus (Eicar-Test-Signature). (in reply to end of DATA command)
            554 5.7.0 Reject, infected: Win.Trojan (in reply to end of DATA command)
            554 5.7.1 Virus detected in the message. Message rejected (in reply to end of DATA command)
        """;
}
