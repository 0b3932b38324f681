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
    // x.5.x: the command was not understood, which says nothing of the mailbox unless words do.
    [InlineData("systemerror", "5.5.4", true, FailureKind.Message)]
    [InlineData("onhold", "5.5.0", true, FailureKind.Message)]
    [InlineData("userunknown", "5.5.0", true, FailureKind.Hard)]
    [InlineData("mailboxfull", "5.5.0", true, FailureKind.Soft)]
    public void AReasonAndAStatusSayWhom(string reason, string? status, bool permanent, FailureKind kind) =>
        Assert.Equal(new Failure(kind, reason), FailureRules.Of(reason, status, permanent));

    [Theory]
    [InlineData(450, "4.2.2", FailureKind.Soft, "mailboxfull")]
    [InlineData(450, "4.2.0", FailureKind.Soft, "expired")]
    [InlineData(421, "4.7.28", FailureKind.Sender, "expired")]
    public void WhatWasPutOffTooLongIsSoftUnlessItWasForTheSendersSake(int code, string status, FailureKind kind, string reason) =>
        Assert.Equal(new Failure(kind, reason), FailureRules.OfExpired(new SmtpReply(code, status, "Later")));
}
