using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The one table of whom a failure speaks of.</summary>
public sealed class FailureRulesTests
{
    [Theory]
    [InlineData("userunknown", "5.1.1", true, FailureKind.Hard)]
    [InlineData("hostunknown", "5.1.2", true, FailureKind.Hard)]
    [InlineData("hasmoved", "5.1.6", true, FailureKind.Hard)]
    [InlineData("notaccept", "5.1.10", true, FailureKind.Hard)]
    [InlineData("notaccept", "4.3.2", false, FailureKind.Soft)]
    [InlineData("userunknown", "", true, FailureKind.Hard)]
    [InlineData("mailboxfull", "5.2.2", true, FailureKind.Soft)]
    [InlineData("suspend", "5.2.1", true, FailureKind.Soft)]
    [InlineData("filtered", null, true, FailureKind.Soft)]
    [InlineData("expired", "5.4.7", true, FailureKind.Soft)]
    [InlineData("undefined", null, true, FailureKind.Soft)]
    [InlineData("feedback", null, true, FailureKind.Complaint)]
    [InlineData("blocked", "5.0.0", true, FailureKind.Sender)]
    [InlineData("spamdetected", null, true, FailureKind.Sender)]
    [InlineData("badreputation", "4.2.0", true, FailureKind.Sender)]
    // Whatever the words: 5.7.x is policy, 5.1.7 and 5.1.8 the sender's address.
    [InlineData("userunknown", "5.7.1", true, FailureKind.Sender)]
    [InlineData("mailboxfull", "4.7.0", true, FailureKind.Sender)]
    [InlineData("userunknown", "5.1.7", true, FailureKind.Sender)]
    [InlineData("userunknown", "5.1.8", true, FailureKind.Sender)]
    [InlineData("mesgtoobig", "5.3.4", true, FailureKind.Message)]
    [InlineData("virusdetected", null, true, FailureKind.Message)]
    public void AReasonAndAStatusSayWhom(string reason, string? status, bool permanent, FailureKind kind) =>
        Assert.Equal(new Failure(kind, reason), FailureRules.Of(reason, status, permanent));

    [Theory]
    [InlineData(RejectionVerdict.UnknownMailbox, 550, "5.1.1", FailureKind.Hard)]
    [InlineData(RejectionVerdict.MailboxFull, 552, "5.2.2", FailureKind.Soft)]
    [InlineData(RejectionVerdict.Policy, 550, "5.7.1", FailureKind.Sender)]
    [InlineData(RejectionVerdict.Sender, 550, "5.1.8", FailureKind.Sender)]
    [InlineData(RejectionVerdict.Other, 552, "5.3.4", FailureKind.Message)]
    [InlineData(RejectionVerdict.Other, 554, "5.6.0", FailureKind.Message)]
    [InlineData(RejectionVerdict.Other, 501, "5.5.4", FailureKind.Message)]
    [InlineData(RejectionVerdict.Other, 554, "5.0.0", FailureKind.Soft)]
    public void ARelaysOwnAnswerFollowsTheSameRules(RejectionVerdict verdict, int code, string status, FailureKind kind) =>
        Assert.Equal(kind, FailureRules.Of(verdict, new SmtpReply(code, status, "No"))!.Kind);

    [Fact]
    public void WhatNoServerSaidSpeaksOfNobody() => Assert.Null(FailureRules.Of(RejectionVerdict.Other, new SmtpReply(0, null, "It is larger than the relay takes.")));

    [Theory]
    [InlineData(450, "4.2.2", FailureKind.Soft, "mailboxfull")]
    [InlineData(450, "4.2.0", FailureKind.Soft, "expired")]
    [InlineData(421, "4.7.28", FailureKind.Sender, "expired")]
    public void WhatWasPutOffTooLongIsSoftUnlessItWasForTheSendersSake(int code, string status, FailureKind kind, string reason) =>
        Assert.Equal(new Failure(kind, reason), FailureRules.OfExpired(new SmtpReply(code, status, "Later")));
}
