using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Tests.Smtp;

public sealed class ThrottlingTextTests
{
    public static TheoryData<string> Examples => [.. ThrottlingTexts.All.Select(known => known.Example)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void EachKnownTextIsNeededForItsExample(string example)
    {
        Assert.True(ReplyTexts.IsThrottling(new SmtpReply(451, "4.3.2", example)));
        Assert.Single(ThrottlingTexts.All, known => known.Says(example));
    }

    [Theory]
    [InlineData(450, "4.2.0", "Greylisted, try again in 300 seconds")]
    [InlineData(451, "4.7.1", "Greylisting in action, please come back later")]
    [InlineData(450, null, "Mailbox busy")]
    [InlineData(452, "4.2.2", "Mailbox full")]
    [InlineData(450, "4.1.2", "Recipient address rejected: domain not found")]
    [InlineData(451, "4.3.0", "Temporary lookup failure")]
    [InlineData(452, "4.3.1", "Insufficient system storage")]
    public void WhatSpeaksOfTheReaderOrOfPatienceLeavesThePace(int code, string? status, string text) =>
        Assert.False(ReplyTexts.IsThrottling(new SmtpReply(code, status, text)));

    [Fact]
    public void AStatusOfPolicyIsEnough() => Assert.True(ReplyTexts.IsThrottling(new SmtpReply(450, "4.7.28", "Come back later")));
}
