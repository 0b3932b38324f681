using System.Text.RegularExpressions;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

public sealed class BounceTextTests
{
    [Fact]
    public void EveryRuleIsNeededByItsExample() => Assert.All(BounceTexts.All, rule =>
    {
        var evidence = EvidenceGathering.OfReply(rule.Example);

        Assert.Equal($"{rule.Line} {rule.Reason}", $"{rule.Line} {Diagnosis.Reason(evidence)}");
        Assert.NotEqual($"{rule.Line} {rule.Reason}", $"{rule.Line} {Diagnosis.Reason(evidence, without: rule)}");
    });

    [Fact]
    public void EveryRuleHasAReasonThereIs() => Assert.All(BounceTexts.All, rule => Assert.Contains(rule.Reason, BounceReasons.All));

    [Fact]
    public void PatternsAreWrittenInLowerCase() =>
        Assert.All(BounceTexts.All, rule => Assert.DoesNotMatch("[A-Z]", Regex.Replace(rule.Pattern, @"\\.", "")));

    [Theory]
    [InlineData("550 5.1.1 The email account that you tried to reach does not exist (in reply to RCPT TO command)", "userunknown")]
    [InlineData("550 User unknown (in reply to end of DATA command)", "filtered")]
    [InlineData("550 5.2.1 User unknown", "filtered")]
    [InlineData("552-5.2.2 The email account that you tried to reach is over quota", "mailboxfull")]
    [InlineData("554 30 Sorry, your message to nobody@example.com cannot be delivered. This mailbox is disabled (554.30)", "suspend")]
    [InlineData("550 5.7.1 relaying denied", "norelaying")]
    [InlineData("550-5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", "authfailure")]
    [InlineData("421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address", "blocked")]
    [InlineData("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", "requireptr")]
    [InlineData("554 5.4.6 Too many hops", "networkerror")]
    [InlineData("Host or domain name not found. Name service error for name=example.invalid type=A: Host not found", "hostunknown")]
    [InlineData("556 5.1.10 Recipient address has a null MX", "notaccept")]
    [InlineData("530 5.7.0 Must issue a STARTTLS command first", "failedstarttls")]
    [InlineData("452 4.3.1 Insufficient system storage", "systemfull")]
    [InlineData("421 4.7.0 Too many concurrent SMTP connections", "toomanyconn")]
    [InlineData("550 Sender domain example.com does not exist", "rejected")]
    [InlineData("550 5.1.8 Your domain could not be resolved", "rejected")]
    [InlineData("550 No MX record found for sender domain", "rejected")]
    [InlineData("550 HELO host name does not exist", "blocked")]
    [InlineData("504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname", "blocked")]
    [InlineData("550 Host unknown: mail.example.com has no DNS entry", "requireptr")]
    [InlineData("550 5.1.2 Recipient domain does not exist", "hostunknown")]
    [InlineData("550 Domain example.net does not exist", "hostunknown")]
    [InlineData("550 No MX record found for domain example.net", "notaccept")]
    [InlineData("550 5.1.1 Your message to nobody@example.com could not be delivered: user does not exist", "userunknown")]
    [InlineData("550 x", "onhold")]
    public void WhatServersSayIsUnderstood(string reply, string reason) => Assert.Equal(reason, Diagnosis.Reason(EvidenceGathering.OfReply(reply)));

    public static TheoryData<string, string> Replies()
    {
        var data = new TheoryData<string, string>();
        var reason = "";
        foreach (var line in WhatServersSay.Replies.Split('\n'))
        {
            if (line.StartsWith(' '))
                data.Add(line.Trim(), reason);
            else
                reason = line;
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void TheWordingOfServersAndPostmasterPagesIsUnderstood(string reply, string reason) => Assert.Equal(reason, Diagnosis.Reason(EvidenceGathering.OfReply(reply)));

    [Theory]
    [InlineData("550 5.1.1 x", "userunknown")]
    [InlineData("550 5.7.1 x", "securityerror")]
    [InlineData("450 4.7.1 x", "blocked")]
    [InlineData("450 4.2.1 x", "blocked")]
    [InlineData("550 5.2.1 x", "filtered")]
    [InlineData("450 4.4.2 x", "networkerror")]
    [InlineData("550 5.4.4 x", "hostunknown")]
    [InlineData("451 4.4.3 x", "systemerror")]
    [InlineData("550 5.7.28 x", "spamdetected")]
    [InlineData("550 5.7.27 x", "notaccept")]
    [InlineData("550 5.6.7 x", "contenterror")]
    [InlineData("523 x", "failedstarttls")]
    [InlineData("525 x", "suspend")]
    public void WhereNoWordIsKnownTheStatusTells(string reply, string reason) => Assert.Equal(reason, Diagnosis.Reason(EvidenceGathering.OfReply(reply)));

    [Theory]
    [InlineData("550 5.1.1 Rejected as spam (in reply to RCPT TO command)", "userunknown")]
    [InlineData("550 5.1.1 Client host [192.0.2.1] blocked using bl.example.org", "blocked")]
    [InlineData("552 5.2.2 User unknown", "mailboxfull")]
    [InlineData("552 5.2.3 Message size exceeds fixed maximum", "exceedlimit")]
    [InlineData("554 5.6.0 This message is spam", "spamdetected")]
    [InlineData("550 5.7.1 Message denied", "securityerror")]
    public void WordsAndStatusAreWeighed(string reply, string reason) => Assert.Equal(reason, Diagnosis.Reason(EvidenceGathering.OfReply(reply)));

    [Fact]
    public void AServersOwnReplyOutranksTheProseAroundIt()
    {
        var evidence = new Evidence { Texts = ["550 5.7.1 Gone fishing", "Your message was not delivered because the mailbox is full or the user is unknown"], Status = "5.7.1", ReplyCode = "550" };

        Assert.Equal("securityerror", Diagnosis.Reason(evidence));
    }

    [Theory]
    [InlineData("554 Your IP is listed at zen.spamhaus.org", "blocked")]
    [InlineData("550 Recipient is not accepted (in reply to RCPT TO command)", "userunknown")]
    [InlineData("delivery temporarily suspended: connect to mx.example.net[192.0.2.1]: No route to host", "networkerror")]
    public void PartsOfWordsMisleadNobody(string reply, string reason) => Assert.Equal(reason, Diagnosis.Reason(EvidenceGathering.OfReply(reply)));
}
