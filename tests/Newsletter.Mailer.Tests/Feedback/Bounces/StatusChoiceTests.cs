using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

public sealed class StatusChoiceTests
{
    [Theory]
    [InlineData("", "5.1.1", "550", "5.1.1")]
    [InlineData("5.1.1", "", "550", "5.1.1")]
    [InlineData("5.0.0", "5.1.1", "550", "5.1.1")]
    [InlineData("5.2.2", "5.0.0", "552", "5.2.2")]
    [InlineData("5.2.2", "5.7.1", "550", "5.2.2")]
    [InlineData("5.2.0", "5.7.1", "550", "5.7.1")]
    [InlineData("5.1.1", "5.7.1", "550", "5.7.1")]
    [InlineData("5.1.1", "5.5.2", "550", "5.1.1")]
    [InlineData("4.4.7", "4.2.2", "", "4.2.2")]
    [InlineData("5.3.5", "5.1.2", "550", "5.1.2")]
    [InlineData("5.5.1", "5.7.1", "550", "5.7.1")]
    [InlineData("4.7.1", "5.7.1", "550", "5.7.1")]
    [InlineData("4.7.1", "5.7.1", "450", "4.7.1")]
    public void TheReportersStatusIsBelievedUnlessTheOtherSaysMore(string told, string quoted, string replyCode, string chosen) =>
        Assert.Equal(chosen, StatusChoice.Between(told, quoted, replyCode));

    [Theory]
    [InlineData("554 4.4.7 Message expired: 421 4.4.2 Connection timed out", "4.4.2")]
    [InlineData("550 5.0.0 said 550 5.1.1", "5.1.1")]
    [InlineData("550 5.0.0", "5.0.0")]
    [InlineData("550", "")]
    public void TheStatusThatSaysMostIsFoundInAText(string text, string status) => Assert.Equal(status, StatusChoice.Within(text));
}
