using System.Text.Json;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Webhooks;

/// <summary>Amazon's webhooks: whose certificate and topic they are of, and what only its lists tell.</summary>
public sealed class SesWebhookTests : WebhookTest
{
    [Theory]
    [InlineData("true", "OptOut", 1L)]
    [InlineData("false", "OptOut", 1L)]
    [InlineData("false", "OptIn", 0L)]
    public async Task WhoComesBackToAListOfAmazonsHasNotLeft(string unsubscribeAll, string topic, long left)
    {
        var (_, mails) = await SendAsync(1);

        await Desk.TakeAsync("ses", Sns("Notification", $$$$"""
            {"eventType":"Subscription","mail":{"messageId":"ses-1","source":"{{{{await mails.SenderOf(1)}}}}","destination":["reader1@example.net"]},
             "subscription":{"source":"UnsubscribeHeader","newTopicPreferences":{"unsubscribeAll":{{{{unsubscribeAll}}}},"topicSubscriptionStatus":[{"topicName":"tea","subscriptionStatus":"{{{{topic}}}}"}]}}}
            """, "m1"), default);

        Assert.Equal(left, await Database.ScalarAsync<long>("select count(*) from subscriptions where unsubscribed_by = 'provider'"));
    }

    [Fact]
    public async Task WhenAmazonCannotBeAskedItIsToSendAgain()
    {
        var (_, mails) = await SendAsync(1);
        var cutOff = new WebhookDesk(
            new WebhookOptions { SesTopics = [Topic] }, Intake, Room.Keys, ReturnedMails.Paths, TimeProvider.System, (_, _) => throw new HttpRequestException("no such host"));

        Assert.IsType<WebhookOutcome.Unavailable>(await cutOff.TakeAsync("ses", await BounceAsync("ses", mails, 1, "e1"), default));
        Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync("ses", await BounceAsync("ses", mails, 1, "e1"), default));
    }

    [Fact]
    public async Task ATopicOfOursIsSubscribedToAndNoOther()
    {
        Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", subscribe: "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"), default));
        Assert.Contains("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", Fetched);
        Fetched.Clear();

        Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", topic: "arn:aws:sns:eu-central-1:999999999999:others", subscribe: "https://sns.eu-central-1.amazonaws.com/"), default));
        Assert.IsType<WebhookOutcome.Malformed>(await Desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", subscribe: "https://sns.eu-central-1.amazonaws.com.example.org/"), default));

        Assert.DoesNotContain(Fetched, url => url != CertificateUrl);
    }

    [Theory]
    [InlineData("http://sns.eu-central-1.amazonaws.com/a.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com.example.org/a.pem")]
    [InlineData("https://example.org/sns.eu-central-1.amazonaws.com/a.pem")]
    [InlineData("https://user@sns.eu-central-1.amazonaws.com/a.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com:8443/a.pem")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/a.txt")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/a.pem?n=1")]
    [InlineData("https://sns.eu-central-1.amazonaws.com/a/b.pem")]
    [InlineData("https://127.0.0.1/a.pem")]
    public async Task ACertificateFromElsewhereIsNotEvenFetched(string url)
    {
        Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync("ses", Sns("Notification", "{}", "m1", certificate: url), default));

        Assert.Empty(Fetched);
    }
}
