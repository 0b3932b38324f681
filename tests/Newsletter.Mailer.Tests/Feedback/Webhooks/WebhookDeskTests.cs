using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Webhooks;

/// <summary>Webhooks from the request to what follows: shown whose they are, each event once, of the right reader.</summary>
public sealed class WebhookDeskTests : FeedbackTest
{
    private const string Secret = "a secret of twenty-six chars";
    private const string Topic = "arn:aws:sns:eu-central-1:123456789012:bounces";
    private const string CertificateUrl = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-test.pem";

    private readonly RSA _amazon = RSA.Create(2048);
    private readonly ECDsa _sendGrid = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _fetched = [];
    private WebhookIntake _intake = null!;
    private WebhookDesk _desk = null!;

    public static TheoryData<string> Providers => [.. WebhookDesk.Providers];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _intake = new WebhookIntake(Store);
        _desk = new WebhookDesk(
            new WebhookOptions
            {
                SesTopics = [Topic],
                SendGridPublicKey = Convert.ToBase64String(_sendGrid.ExportSubjectPublicKeyInfo()),
                PostmarkSecret = Secret,
                MailgunSigningKey = Secret,
                SparkPostSecret = Secret,
                GenericSecret = Secret,
            },
            _intake, Room.Keys, ReturnedMails.Paths, TimeProvider.System, FetchAsync);
    }

    public override async Task DisposeAsync()
    {
        await _intake.DisposeAsync();
        _amazon.Dispose();
        _sendGrid.Dispose();
        await base.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task ABounceOfEveryProviderSuppressesItsReader(string provider)
    {
        var (_, mails) = await SendAsync(3);

        Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync(provider, await BounceAsync(provider, mails, 2, "e1"), default));
        await Consequences.SettleAsync(default);

        Assert.Equal(["reader2@example.net hard_bounce"], await Suppressions());
        // Postmark alone tells neither our Message-ID nor the envelope sender: it is the latest issue that went to the address.
        Assert.Equal(["hard userunknown 2 suppressed"], await BouncesKept());
        Assert.Equal(provider, await Database.ScalarAsync<string>("select source from bounces"));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task AComplaintToEveryProviderEndsTheSubscription(string provider)
    {
        var (_, mails) = await SendAsync(2);

        Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync(provider, await ComplaintAsync(provider, mails, 1, "e1"), default));
        await Consequences.SettleAsync(default);

        Assert.Equal(["reader1@example.net complaint"], await Suppressions());
        Assert.Equal("complaint", await Database.ScalarAsync<string>("select unsubscribed_by from subscriptions where status = 'unsubscribed'"));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task WhatIsForgedOrOldIsRefusedAndChangesNothing(string provider)
    {
        var (_, mails) = await SendAsync(2);
        var good = await BounceAsync(provider, mails, 1, "e1");
        var bare = good with { Header = _ => null, Key = null };
        var changed = good with { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(good.Body).Replace("reader1", "reader2", StringComparison.Ordinal).Replace("\"signature\":\"", "\"signature\":\"00", StringComparison.Ordinal)) };

        if (provider is not ("ses" or "mailgun"))
            Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync(provider, bare, default));
        if (provider is not ("postmark" or "sparkpost"))
        {
            Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync(provider, changed, default));
            Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync(provider, await BounceAsync(provider, mails, 1, "e1", TimeProvider.System.GetUtcNow().AddHours(-25)), default));
            Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync(provider, await BounceAsync(provider, mails, 1, "e1", TimeProvider.System.GetUtcNow().AddHours(1)), default));
        }

        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from bounces) + (select count(*) from webhook_events)"));
    }

    [Fact]
    public async Task TheSameWebhookAHundredTimesOutOfOrderAndAtOnceChangesTheStateOnce()
    {
        // F18: a bounce and a complaint of each of four readers, each a hundred times, shuffled, forty at once.
        var (_, mails) = await SendAsync(4);
        var requests = new List<(string Provider, WebhookRequest Request)>();
        foreach (var provider in WebhookDesk.Providers)
            for (var seq = 1; seq <= 4; seq++)
            {
                requests.AddRange(Enumerable.Repeat((provider, await BounceAsync(provider, mails, seq, $"b{seq}")), 100));
                requests.AddRange(Enumerable.Repeat((provider, await ComplaintAsync(provider, mails, seq, $"c{seq}")), 100));
            }

        var shuffled = requests.ToArray();
        new Random(7).Shuffle(shuffled);
        using var ended = new CancellationTokenSource();
        var settling = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await Consequences.SettleAsync(default);
                await Task.Delay(20);
            }
        });
        var told = 0;
        await Parallel.ForEachAsync(shuffled, new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (one, stop) =>
            Interlocked.Add(ref told, Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync(one.Provider, one.Request, stop)).New));
        await ended.CancelAsync();
        await settling;
        await Consequences.SettleAsync(default);

        Assert.Equal(8L, await Database.ScalarAsync<long>("select count(*) from bounces"));
        Assert.Equal(4, (await Suppressions()).Count);
        Assert.Equal(4L, await Database.ScalarAsync<long>("select count(*) from consents where action = 'withdrawn'"));
        Assert.Equal(4L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed'"));
        Assert.Equal(8L * WebhookDesk.Providers.Count, await Database.ScalarAsync<long>("select count(*) from webhook_events"));
        // Committed together or alone, each request is told what was new of it.
        Assert.Equal(8 * WebhookDesk.Providers.Count, told);
    }

    [Fact]
    public async Task TheTokenOfAHarmlessEventOfMailgunIsUsedUpAsWell()
    {
        var (_, mails) = await SendAsync(1);

        Assert.Equal(new WebhookOutcome.Taken(1, 0), await _desk.TakeAsync("mailgun", Mailgun(new { @event = "opened", recipient = "reader1@example.net" }, "t1"), default));
        Assert.Equal(new WebhookOutcome.Taken(1, 0), await _desk.TakeAsync("mailgun", await ComplaintAsync("mailgun", mails, 1, "t1"), default));
        await Consequences.SettleAsync(default);

        Assert.Empty(await Suppressions());
    }

    [Fact]
    public async Task AReplayAfterASuppressionWasLiftedSuppressesNobody()
    {
        var (_, mails) = await SendAsync(1);
        var request = await BounceAsync("sendgrid", mails, 1, "e1");
        await _desk.TakeAsync("sendgrid", request, default);
        await Consequences.SettleAsync(default);
        await Bounces.UndoAsync(1, "It works again.", null, default);

        Assert.Equal(new WebhookOutcome.Taken(1, 0), await _desk.TakeAsync("sendgrid", request, default));
        await Consequences.SettleAsync(default);

        Assert.Empty(await Suppressions());
    }

    [Fact]
    public async Task AReaderWhoLeavesAtTheProviderHasLeft()
    {
        var (issue, mails) = await SendAsync(2);

        await _desk.TakeAsync("mailgun", Mailgun(new { @event = "unsubscribed", recipient = "reader2@example.net", message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = await mails.MessageIdOf(2) } } }, "t1"), default);

        Assert.Equal($"provider {issue}", await Database.ScalarAsync<string>("select unsubscribed_by || ' ' || unsubscribed_issue from subscriptions where status = 'unsubscribed'"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task WhoLeavesAtAProviderThatNamesNoMessageIsSentNothingMore(int daysAgo)
    {
        await SendAsync(2);
        var coffee = await Some.NewsletterAsync(Database, draft => draft with { Slug = "coffee" });
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select $1, id, 'active', now() from subscribers", coffee.Id);
        await Database.ExecuteAsync("update issues set frozen_at = now() - make_interval(days => $1)", daysAgo);

        await _desk.TakeAsync("postmark", Secretly("""{"RecordType":"SubscriptionChange","MessageID":"pm-1","Recipient":"reader1@example.net","SuppressSending":true,"SuppressionReason":"ManualSuppression","ChangedAt":"2026-01-01T00:00:00Z"}"""), default);

        Assert.Equal(
            ["reader1@example.net provider", "reader1@example.net provider"],
            await Database.ListAsync<string>("select b.address || ' ' || s.unsubscribed_by from subscriptions s join subscribers b on b.id = s.subscriber_id where s.status = 'unsubscribed'"));
    }

    [Fact]
    public async Task OfManySignaturesOnlyTheFirstFewAreLookedAt()
    {
        var (_, mails) = await SendAsync(1);
        var good = await BounceAsync("generic", mails, 1, "e1");
        var signature = good.Header("X-Newsletter-Signature")!;
        var late = signature.Replace(",v1=", string.Concat(Enumerable.Repeat(",v1=00", 5)) + ",v1=", StringComparison.Ordinal);
        var second = signature.Replace(",v1=", ",v1=00,v1=", StringComparison.Ordinal);

        Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync("generic", good with { Header = name => name == "X-Newsletter-Signature" ? late : null }, default));
        Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync("generic", good with { Header = name => name == "X-Newsletter-Signature" ? second : null }, default));
    }

    [Fact]
    public async Task WhenAmazonCannotBeAskedItIsToSendAgain()
    {
        var (_, mails) = await SendAsync(1);
        var cutOff = new WebhookDesk(
            new WebhookOptions { SesTopics = [Topic] }, _intake, Room.Keys, ReturnedMails.Paths, TimeProvider.System, (_, _) => throw new HttpRequestException("no such host"));

        Assert.IsType<WebhookOutcome.Unavailable>(await cutOff.TakeAsync("ses", await BounceAsync("ses", mails, 1, "e1"), default));
        Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync("ses", await BounceAsync("ses", mails, 1, "e1"), default));
    }

    [Fact]
    public async Task WhatOnlyTellsOfWellBeingIsTakenAndKeptNowhere()
    {
        await SendAsync(1);

        Assert.Equal(new WebhookOutcome.Taken(3, 0), await _desk.TakeAsync("sendgrid", SendGrid("""
            [{"event":"delivered","email":"reader1@example.net","sg_event_id":"a"},{"event":"open","email":"reader1@example.net","sg_event_id":"b"},{"event":"deferred","email":"reader1@example.net","sg_event_id":"c"}]
            """), default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from webhook_events"));
    }

    [Theory]
    [InlineData("ses")]
    [InlineData("sendgrid")]
    [InlineData("postmark")]
    [InlineData("mailgun")]
    [InlineData("sparkpost")]
    [InlineData("generic")]
    [InlineData("nobody")]
    public async Task NonsenseIsAnsweredAndNeverThrows(string provider)
    {
        string[] bodies = ["", """{"\ud800":{"\ud800":7},"events":[{"\ud800":7}]}""", "{", "[]", "null", "7", "{}", "[null]", "[[]]", "[{}]", """{"events":[null]}""", """{"msys":7}""", """[{"msys":{"message_event":7}}]""", """{"Type":"Notification","Message":"{"}""", """{"event-data":{"event":7}}""", "\0", new string('[', 500), """{"events":[{"id":"a","type":"bounced","message_id":"\u0000.1.x@y","recipient":"\ud800"}]}"""];
        foreach (var body in bodies)
        {
            var outcome = await _desk.TakeAsync(provider, Signed(provider, body), default);
            Assert.True(outcome is not WebhookOutcome.NotThere == (provider != "nobody"), body);
        }
    }

    [Fact]
    public async Task ATopicOfOursIsSubscribedToAndNoOther()
    {
        Assert.IsType<WebhookOutcome.Taken>(await _desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", subscribe: "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"), default));
        Assert.Contains("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", _fetched);
        _fetched.Clear();

        Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", topic: "arn:aws:sns:eu-central-1:999999999999:others", subscribe: "https://sns.eu-central-1.amazonaws.com/"), default));
        Assert.IsType<WebhookOutcome.Malformed>(await _desk.TakeAsync("ses", Sns("SubscriptionConfirmation", "sure?", "m1", subscribe: "https://sns.eu-central-1.amazonaws.com.example.org/"), default));

        Assert.DoesNotContain(_fetched, url => url != CertificateUrl);
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
        Assert.IsType<WebhookOutcome.Forbidden>(await _desk.TakeAsync("ses", Sns("Notification", "{}", "m1", certificate: url), default));

        Assert.Empty(_fetched);
    }

    private async Task<WebhookRequest> BounceAsync(string provider, ReturnedMails mails, int seq, string id, DateTimeOffset? at = null)
    {
        var (message, sender, reader) = ($"<{await mails.MessageIdOf(seq)}>", await mails.SenderOf(seq), $"reader{seq}@example.net");
        const string Said = "550 5.1.1 The email account that you tried to reach does not exist.";
        return provider switch
        {
            "ses" => Sns("Notification", JsonSerializer.Serialize(new
            {
                notificationType = "Bounce",
                bounce = new { bounceType = "Permanent", bounceSubType = "General", bouncedRecipients = new[] { new { emailAddress = reader, diagnosticCode = $"smtp; {Said}" } } },
                mail = new { messageId = $"ses-{seq}", source = sender },
            }), id, at),
            "sendgrid" => SendGrid(JsonSerializer.Serialize(new[] { new Dictionary<string, string>(StringComparer.Ordinal) { ["event"] = "bounce", ["email"] = reader, ["sg_event_id"] = id, ["smtp-id"] = message, ["reason"] = Said, ["type"] = "bounce" } }), at),
            "postmark" => Secretly(JsonSerializer.Serialize(new { RecordType = "Bounce", ID = id, Type = "HardBounce", MessageID = $"pm-{seq}", Email = reader, Details = $"smtp;{Said}" })),
            "mailgun" => Mailgun(new { @event = "failed", severity = "permanent", reason = "bounce", recipient = reader, envelope = new { sender }, deliverystatus = 1, message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = message.Trim('<', '>') } } }, id, at),
            "sparkpost" => Secretly(JsonSerializer.Serialize(new[] { new { msys = new { message_event = new { type = "bounce", event_id = id, bounce_class = "10", raw_rcpt_to = reader, msg_from = sender, raw_reason = Said } } } })),
            _ => Generic(JsonSerializer.Serialize(new { events = new[] { new { id, type = "bounced", message_id = message, recipient = reader, response = Said } } }), at),
        };
    }

    private async Task<WebhookRequest> ComplaintAsync(string provider, ReturnedMails mails, int seq, string id)
    {
        var (message, sender, reader) = ($"<{await mails.MessageIdOf(seq)}>", await mails.SenderOf(seq), $"reader{seq}@example.net");
        return provider switch
        {
            "ses" => Sns("Notification", JsonSerializer.Serialize(new
            {
                eventType = "Complaint",
                complaint = new { complaintFeedbackType = "abuse", complainedRecipients = new[] { new { emailAddress = reader } } },
                mail = new { messageId = $"ses-{seq}", headers = new[] { new { name = "Message-ID", value = message } } },
            }), id),
            "sendgrid" => SendGrid(JsonSerializer.Serialize(new[] { new Dictionary<string, string>(StringComparer.Ordinal) { ["event"] = "spamreport", ["email"] = reader, ["sg_event_id"] = id, ["smtp-id"] = message } })),
            "postmark" => Secretly(JsonSerializer.Serialize(new { RecordType = "SpamComplaint", ID = id, Type = "SpamComplaint", MessageID = $"pm-{seq}", Email = reader })),
            "mailgun" => Mailgun(new { @event = "complained", recipient = reader, message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = message.Trim('<', '>') } } }, id),
            "sparkpost" => Secretly(JsonSerializer.Serialize(new[] { new { msys = new { message_event = new { type = "spam_complaint", fbtype = "abuse", event_id = id, rcpt_to = reader, msg_from = sender } } } })),
            _ => Generic(JsonSerializer.Serialize(new { events = new[] { new { id, type = "complained", message_id = message } } })),
        };
    }

    private WebhookRequest Signed(string provider, string body) => provider switch
    {
        "sendgrid" => SendGrid(body),
        "generic" => Generic(body),
        _ => Secretly(body),
    };

    private WebhookRequest SendGrid(string body, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        var signature = _sendGrid.SignData(Encoding.UTF8.GetBytes(time + body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Of(body, ("X-Twilio-Email-Event-Webhook-Timestamp", time), ("X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(signature)));
    }

    private static WebhookRequest Secretly(string body) => Of(body, ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"hook:{Secret}"))}"));

    private static WebhookRequest Mailgun(object data, string token, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        return Of(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["signature"] = new { timestamp = time, token, signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(time + token))) },
            ["event-data"] = data,
        }));
    }

    private static WebhookRequest Generic(string body, DateTimeOffset? at = null)
    {
        var time = Seconds(at);
        return Of(body, ("X-Newsletter-Signature", $"t={time},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{time}.{body}")))}"));
    }

    private WebhookRequest Sns(string type, string message, string id, DateTimeOffset? at = null, string topic = Topic, string certificate = CertificateUrl, string? subscribe = null)
    {
        var envelope = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Type"] = type,
            ["MessageId"] = id,
            ["TopicArn"] = topic,
            ["Message"] = message,
            ["Timestamp"] = (at ?? TimeProvider.System.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["SignatureVersion"] = "2",
            ["SigningCertURL"] = certificate,
        };
        if (subscribe is not null)
            (envelope["SubscribeURL"], envelope["Token"]) = (subscribe, "t");
        using var unsigned = JsonSerializer.SerializeToDocument(envelope);
        envelope["Signature"] = Convert.ToBase64String(_amazon.SignData(SesWebhook.Signed(unsigned.RootElement), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return Of(JsonSerializer.Serialize(envelope));
    }

    private Task<byte[]> FetchAsync(Uri url, CancellationToken stop)
    {
        _fetched.Enqueue(url.AbsoluteUri);
        var request = new CertificateRequest("CN=sns.amazonaws.com", _amazon, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return Task.FromResult(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
    }

    private static string Seconds(DateTimeOffset? at) => (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static WebhookRequest Of(string body, params (string Name, string Value)[] headers) =>
        new(Encoding.UTF8.GetBytes(body), "application/json", name => Array.Find(headers, header => header.Name == name).Value);
}
