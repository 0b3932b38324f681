using System.Net;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Reports;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Reports;

public sealed class TimelineTests : MailroomTest
{
    [Fact]
    public async Task AReadersStoryIsToldInOrder()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 2);
        await Database.ExecuteAsync("update subscribers set created_at = now() - interval '3 days'; update subscriptions set created_at = now() - interval '2 days', confirmed_at = now() - interval '1 day'");
        var first = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        Relay(script => script.At(FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(550, "5.1.1 No such user."));
        var second = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        await Room.Worker.WorkAsync();
        await Room.Unsubscribes.LeaveAsync(newsletter.Id, 1, first, "one_click", default);

        var story = (await new TimelineStore(DataSource).ListAsync(1, PageRequest.First, default))!;

        Assert.Null(story.Next);
        Assert.Equal(["created", "signed_up", "confirmed", "issue_accepted", "issue_rejected", "suppressed", "unsubscribed"], story.Items.Select(item => item.Kind));
        Assert.True(story.Items.Zip(story.Items.Skip(1)).All(pair => pair.First.At <= pair.Second.At));
        Assert.Equal((first, 1, "Edition 1", "tea"), (story.Items[3].Issue, story.Items[3].Number, story.Items[3].Title, story.Items[3].Newsletter));
        Assert.Equal((second, "550 5.1.1 No such user."), (story.Items[4].Issue, story.Items[4].Detail));
        Assert.StartsWith("hard_bounce", story.Items[5].Detail, StringComparison.Ordinal);
        Assert.Equal((first, "one_click"), (story.Items[6].Issue, story.Items[6].Detail));
    }

    [Fact]
    public async Task ABreakAndWhoStatedAConfirmationArePartOfTheStory()
    {
        await Some.NewsletterAsync(Database);
        var subscribers = new SubscriberStore(DataSource);
        var reader = Assert.IsType<AudienceOutcome<Subscriber>.Created>(await subscribers.CreateAsync(
            new SubscriberDraft { Email = "ana@example.com", Newsletter = "tea", Confirmed = true }, default)).Value.Id;
        await subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Newsletter = "tea", Confirmed = true }, default);
        var preferences = new PreferencesStore(DataSource);
        await preferences.PauseAsync(reader, null, null, default);
        await preferences.ResumeAsync(reader, null, default);
        await new SubscriptionStore(DataSource).UnsubscribeAsync((await Room.Newsletters.FindAsync("tea", default))!.Id, reader, "page", null, default);
        await new SubscriptionStore(DataSource).PutAsync(reader, "tea", new SubscriptionDraft { Status = "active", Confirmed = true }, default);

        var story = (await new TimelineStore(DataSource).ListAsync(reader, PageRequest.First, default))!.Items;

        Assert.Equal(
            ["created ", "signed_up free", "confirmed stated", "paused mailed_link", "resumed mailed_link", "unsubscribed page", "confirmed stated"],
            story.Select(item => $"{item.Kind} {item.Detail}"));
    }

    [Fact]
    public async Task WhatAReaderAgreedToAndTookBackIsPartOfTheStory()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var reader = await SignUpAsync(newsletter);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, frontMatter: "number: 35"));
        await Room.Worker.WorkAsync();
        await Room.Unsubscribes.LeaveAsync(newsletter.Id, reader, issue, "page", default, Departure.Of("too_many", "Every day!", null));
        await Room.Unsubscribes.UndoAsync(newsletter.Id, reader, null, default);
        await Room.Unsubscribes.LeaveAsync(newsletter.Id, reader, issue, "one_click", default);
        await SignUpAsync(newsletter);

        var story = (await new TimelineStore(DataSource).ListAsync(reader, PageRequest.First, default))!.Items;

        Assert.Equal(
            [
                "signed_up page", "created ", "confirmed mailed_link", "issue_accepted 250 2.0.0 Ok", "unsubscribed page: too_many: Every day!", "restored ", "unsubscribed one_click",
                "signed_up page", "confirmed mailed_link",
            ],
            story.Select(item => $"{item.Kind} {(item.Kind == "issue_accepted" ? "250 2.0.0 Ok" : item.Detail)}"));
        Assert.Equal((issue, 35), (story[3].Issue, story[3].Number));
        Assert.All(story, item => Assert.Equal(item.Kind == "created" ? null : "tea", item.Newsletter));
    }

    [Fact]
    public async Task WhoWasImportedAndSignedUpLaterDidBoth()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1, "unsubscribed");
        await Database.ExecuteAsync("""
            update subscribers set address = 'ana@example.com', created_at = now() - interval '3 days';
            update subscriptions set created_at = now() - interval '2 days', confirmed_at = now() - interval '2 days', unsubscribed_at = now() - interval '1 day', unsubscribed_by = 'import'
            """);
        var before = (await new TimelineStore(DataSource).ListAsync(1, PageRequest.First, default))!.Items;
        Assert.Equal(["created ", "signed_up free", "confirmed ", "unsubscribed import"], before.Select(item => $"{item.Kind} {item.Detail}"));

        await SignUpAsync(newsletter);

        var story = (await new TimelineStore(DataSource).ListAsync(1, PageRequest.First, default))!.Items;
        Assert.Equal(["created ", "signed_up free", "signed_up page", "confirmed mailed_link"], story.Select(item => $"{item.Kind} {item.Detail}"));
    }

    private async Task<long> SignUpAsync(NewsletterProfile newsletter)
    {
        Assert.True(EmailAddress.TryParse("ana@example.com", out var address));
        var (options, keys) = (new SignUpOptions(), KeyRing.Generate());
        var confirmations = new ConfirmationStore(DataSource, keys, options);
        var signUp = new SignUp { NewsletterId = newsletter.Id, Address = address, Language = "en", Form = "page", Wording = "I want tea.", From = IPAddress.Loopback };
        await new SignUpStore(DataSource, options).PutAsync(signUp, NetworkRange.Of(signUp.From), default);
        var id = await Database.ScalarAsync<long>("select max(id) from sign_ups");
        Assert.True((await confirmations.DecideAsync(id, default)).IsSent);
        Assert.Equal(ConfirmResult.Confirmed, (await confirmations.ConfirmAsync(id, IPAddress.Loopback, default)).Result);
        return await Database.ScalarAsync<long>("select id from subscribers where address = 'ana@example.com'");
    }

    [Fact]
    public async Task ItComesInPagesAndWhoIsNotThereHasNone()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        var timelines = new TimelineStore(DataSource);

        var kinds = new List<string>();
        string? next = null;
        do
        {
            Assert.True(Cursor.TryParse(next, out var cursor));
            var page = (await timelines.ListAsync(1, new PageRequest(cursor, 2), default))!;
            kinds.AddRange(page.Items.Select(item => item.Kind));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(["created", "signed_up", "confirmed"], kinds);
        Assert.Null(await timelines.ListAsync(4711, PageRequest.First, default));
    }
}
