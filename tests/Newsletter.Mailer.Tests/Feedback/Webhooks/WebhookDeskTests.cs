using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Feedback.Webhooks;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback.Webhooks;

/// <summary>Webhooks from the request to what follows: shown whose they are, each event once, of the right reader.</summary>
public sealed class WebhookDeskTests : WebhookTest
{
    public static TheoryData<string> Providers => [.. WebhookDesk.Providers];

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task ABounceOfEveryProviderSuppressesItsReader(string provider)
    {
        var (_, mails) = await SendAsync(3);

        Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync(provider, await BounceAsync(provider, mails, 2, "e1"), default));
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

        Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync(provider, await ComplaintAsync(provider, mails, 1, "e1"), default));
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
            Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync(provider, bare, default));
        if (provider is not ("postmark" or "sparkpost"))
        {
            Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync(provider, changed, default));
            Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync(provider, await BounceAsync(provider, mails, 1, "e1", TimeProvider.System.GetUtcNow().AddHours(-25)), default));
            Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync(provider, await BounceAsync(provider, mails, 1, "e1", TimeProvider.System.GetUtcNow().AddHours(1)), default));
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
            Interlocked.Add(ref told, Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync(one.Provider, one.Request, stop)).New));
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

        Assert.Equal(new WebhookOutcome.Taken(1, 0), await Desk.TakeAsync("mailgun", Mailgun(new { @event = "opened", recipient = "reader1@example.net" }, "t1"), default));
        Assert.Equal(new WebhookOutcome.Taken(1, 0), await Desk.TakeAsync("mailgun", await ComplaintAsync("mailgun", mails, 1, "t1"), default));
        await Consequences.SettleAsync(default);

        Assert.Empty(await Suppressions());
    }

    [Fact]
    public async Task AReplayAfterASuppressionWasLiftedSuppressesNobody()
    {
        var (_, mails) = await SendAsync(1);
        var request = await BounceAsync("sendgrid", mails, 1, "e1");
        await Desk.TakeAsync("sendgrid", request, default);
        await Consequences.SettleAsync(default);
        await Bounces.UndoAsync(1, "It works again.", null, default);

        Assert.Equal(new WebhookOutcome.Taken(1, 0), await Desk.TakeAsync("sendgrid", request, default));
        await Consequences.SettleAsync(default);

        Assert.Empty(await Suppressions());
    }

    [Fact]
    public async Task AReaderWhoLeavesAtTheProviderHasLeft()
    {
        var (issue, mails) = await SendAsync(2);

        await Desk.TakeAsync("mailgun", Mailgun(new { @event = "unsubscribed", recipient = "reader2@example.net", message = new { headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["message-id"] = await mails.MessageIdOf(2) } } }, "t1"), default);

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

        await Desk.TakeAsync("postmark", Secretly("""{"RecordType":"SubscriptionChange","MessageID":"pm-1","Recipient":"reader1@example.net","SuppressSending":true,"SuppressionReason":"ManualSuppression","ChangedAt":"2026-01-01T00:00:00Z"}"""), default);

        Assert.Equal(
            ["reader1@example.net provider", "reader1@example.net provider"],
            await Database.ListAsync<string>("select b.address || ' ' || s.unsubscribed_by from subscriptions s join subscribers b on b.id = s.subscriber_id where s.status = 'unsubscribed'"));
    }

    [Theory]
    [InlineData("550 User unknown", "hard")]
    [InlineData("550 User unknown (in reply to end of DATA command)", "soft")]
    public async Task AnUnknownReaderIsGoneByAWebhookAsByAReport(string said, string kind)
    {
        var (_, mails) = await SendAsync(1);

        await Desk.TakeAsync("generic", Generic(JsonSerializer.Serialize(new { events = new[] { new { id = "e1", type = "bounced", message_id = $"<{await mails.MessageIdOf(1)}>", recipient = "reader1@example.net", response = said } } })), default);

        Assert.Equal(kind, await Database.ScalarAsync<string>("select kind from bounces"));
    }

    [Fact]
    public async Task OfManySignaturesOnlyTheFirstFewAreLookedAt()
    {
        var (_, mails) = await SendAsync(1);
        var good = await BounceAsync("generic", mails, 1, "e1");
        var signature = good.Header("X-Newsletter-Signature")!;
        var late = signature.Replace(",v1=", string.Concat(Enumerable.Repeat(",v1=00", 5)) + ",v1=", StringComparison.Ordinal);
        var second = signature.Replace(",v1=", ",v1=00,v1=", StringComparison.Ordinal);

        Assert.IsType<WebhookOutcome.Forbidden>(await Desk.TakeAsync("generic", good with { Header = name => name == "X-Newsletter-Signature" ? late : null }, default));
        Assert.IsType<WebhookOutcome.Taken>(await Desk.TakeAsync("generic", good with { Header = name => name == "X-Newsletter-Signature" ? second : null }, default));
    }

    [Fact]
    public async Task WhatOnlyTellsOfWellBeingIsTakenAndKeptNowhere()
    {
        await SendAsync(1);

        Assert.Equal(new WebhookOutcome.Taken(3, 0), await Desk.TakeAsync("sendgrid", SendGrid("""
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
            var outcome = await Desk.TakeAsync(provider, SignedFor(provider, body), default);
            Assert.True(outcome is not WebhookOutcome.NotThere == (provider != "nobody"), body);
        }
    }
}
