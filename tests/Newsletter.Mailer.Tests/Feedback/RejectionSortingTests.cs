using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>A relay's own 5xx follows the rules of reports that come back.</summary>
public sealed class RejectionSortingTests
{
    [Theory]
    [InlineData(550, "5.1.1 The email account that you tried to reach does not exist.", "userunknown", FailureKind.Hard)]
    [InlineData(501, "5.1.3 Bad recipient address syntax", "userunknown", FailureKind.Hard)]
    [InlineData(550, "5.1.6 Mailbox has moved", "hasmoved", FailureKind.Hard)]
    [InlineData(556, "5.1.10 Recipient address has null MX", "notaccept", FailureKind.Hard)]
    [InlineData(550, "#5.1.0 Address rejected: user unknown", "userunknown", FailureKind.Hard)]
    [InlineData(550, "User unknown", "userunknown", FailureKind.Hard)]
    [InlineData(550, "No Such User Here", "userunknown", FailureKind.Hard)]
    [InlineData(550, "sorry, no mailbox here by that name. (#5.1.1 - chkuser)", "userunknown", FailureKind.Hard)]
    [InlineData(553, "sorry, that user unknown domain isn't in my list (#5.7.1)", "hostunknown", FailureKind.Sender)]
    [InlineData(554, "delivery error: dd This user doesn't have a yahoo.com account", "userunknown", FailureKind.Hard)]
    [InlineData(550, "5.2.1 The email account that you tried to reach is disabled.", "suspend", FailureKind.Soft)]
    [InlineData(550, "5.2.1 The user you are trying to contact is receiving mail at a rate that", "speeding", FailureKind.Sender)]
    [InlineData(552, "5.2.2 Mailbox full", "mailboxfull", FailureKind.Soft)]
    [InlineData(552, "Quota exceeded: mailbox is full", "mailboxfull", FailureKind.Soft)]
    [InlineData(552, "5.3.4 Message size exceeds fixed limit", "mesgtoobig", FailureKind.Message)]
    [InlineData(550, "5.7.1 Message rejected due to user unknown policy", "blocked", FailureKind.Sender)]
    [InlineData(550, "5.7.26 Unauthenticated email is not accepted", "authfailure", FailureKind.Sender)]
    [InlineData(554, "Your access to this mail system has been rejected due to poor reputation", "badreputation", FailureKind.Sender)]
    [InlineData(550, "Blocked; if you are an unknown user of this service, see our site", "blocked", FailureKind.Sender)]
    [InlineData(550, "5.1.8 Sender address rejected: Domain not found", "rejected", FailureKind.Sender)]
    [InlineData(550, "5.1.7 Invalid address", "userunknown", FailureKind.Sender)]
    [InlineData(550, "Sender verify failed: no such user", "rejected", FailureKind.Sender)]
    [InlineData(550, "5.1.2 Bad destination system", "hostunknown", FailureKind.Hard)]
    [InlineData(550, "5.4.1 Recipient address rejected: Access denied. user unknown", "userunknown", FailureKind.Hard)]
    [InlineData(550, "Requested action not taken: mailbox unavailable", "userunknown", FailureKind.Hard)]
    [InlineData(550, "5.5.0 Requested action not taken: mailbox unavailable", "userunknown", FailureKind.Hard)]
    [InlineData(550, "", "onhold", FailureKind.Soft)]
    [InlineData(550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", "userunknown", FailureKind.Hard)]
    [InlineData(550, "5.1.1 Recipient rejected: your IP is on a blocklist (spamhaus)", "blocked", FailureKind.Sender)]
    [InlineData(550, "Sender domain example.com does not exist", "rejected", FailureKind.Sender)]
    [InlineData(550, "HELO host name does not exist", "blocked", FailureKind.Sender)]
    [InlineData(550, "No MX record found for sender domain", "rejected", FailureKind.Sender)]
    [InlineData(554, "5.6.0 Corrupt message", "contenterror", FailureKind.Message)]
    [InlineData(501, "5.5.4 No", "systemerror", FailureKind.Message)]
    [InlineData(554, "5.0.0 No", "onhold", FailureKind.Soft)]
    [InlineData(552, "No", "onhold", FailureKind.Soft)]
    public void A5xxIsReadByTheRulesOfReports(int code, string lines, string reason, FailureKind kind) =>
        Assert.Equal(new Failure(kind, reason), new RejectionSorting().FailureOf(ReplyReading.Read(code, lines), RejectedAt.Recipient));

    [Theory]
    [InlineData(RejectedAt.Recipient, FailureKind.Hard)]
    [InlineData(RejectedAt.Message, FailureKind.Soft)]
    public void WhatIsSaidOfAMessageThatWasReadIsAFiltersWord(RejectedAt at, FailureKind kind) =>
        Assert.Equal(kind, new RejectionSorting().FailureOf(new SmtpReply(550, null, "User unknown"), at)!.Kind);

    [Fact]
    public void WhatNoServerSaidSpeaksOfNobody() => Assert.Null(new RejectionSorting().FailureOf(new SmtpReply(0, null, "It is larger than the relay takes."), RejectedAt.Message));
}
