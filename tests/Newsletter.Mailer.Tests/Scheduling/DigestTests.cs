using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

/// <summary>Once a month, for those who chose it in the place of single issues: made, sent and accounted for like any issue.</summary>
public sealed class DigestTests : MailroomTest
{
    private NewsletterProfile _tea = null!;

    private DigestStore Digests => new(DataSource);

    private DigestDesk Desk => new(Digests, Room.Newsletters, Room.Site, Room.Scheduling, NullLogger<DigestDesk>.Instance) { Late = TimeSpan.FromDays(40) };

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _tea = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, _tea, 4);
        // It has been there for long, so that the digest of the month that has ended is due.
        await Database.ExecuteAsync("update newsletters set created_at = now() - interval '1 year'");
    }

    [Fact]
    public async Task ItIsAnIssueOfItsOwnForThoseWhoChoseIt()
    {
        await TakeDigestAsync(1, 2);
        var first = await SendAsync("High *water* & <b>tide</b>", "Hello {{ subscriber.first_name | default: \"friend\" }}, [the](x) tide");
        var second = await SendAsync("Low water", null, "tier: premium");

        var edition = Assert.Single(await Desk.MakeDueAsync(default));
        var digest = await PublishAsync(edition);
        await Room.Worker.WorkAsync();

        // Of the issues they are excluded as such, and why says so.
        var receipt = await Room.ReceiptAsync(first);
        Assert.Equal(("issue", 1, 4L, 2L, 2L), (receipt.Kind, receipt.Number, receipt.Audience, receipt.Accepted, receipt.Excluded["digest"]));
        Assert.Equal("No: the reader had chosen one digest a month in the place of single issues.", (await Room.Deliveries.WhyAsync(first, 1, default))!.Answer);
        // The digest's audience are they.
        var own = await Room.ReceiptAsync(digest);
        Assert.Equal(("digest", null, "finished", 2L, 2L, true), (own.Kind, own.Number, own.State, own.Audience, own.Accepted, own.Balanced));
        Assert.StartsWith("Yes: ", (await Room.Deliveries.WhyAsync(digest, 1, default))!.Answer, StringComparison.Ordinal);
        Assert.StartsWith("No: it is a digest, for those who chose one a month", (await Room.Deliveries.WhyAsync(digest, 3, default))!.Answer, StringComparison.Ordinal);
        // Newest first; what others wrote is text.
        var mail = Mails().Single(mail => mail.To.Mailboxes.Single().Address == "reader1@example.net");
        Assert.Matches("^The Tea: digest for [A-Z][a-z]+ [0-9]{4}$", mail.Subject);
        var text = mail.TextBody!;
        Assert.Contains("High *water* & <b>tide</b>", text, StringComparison.Ordinal);
        Assert.Contains("Hello friend, [the](x) tide", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("Low water", StringComparison.Ordinal) < text.IndexOf("High *water*", StringComparison.Ordinal));
        Assert.Contains("https://news.example.com/n/tea/archive/edition-1", text, StringComparison.Ordinal);
        Assert.Contains("reader1@example.net", text, StringComparison.Ordinal);
        Assert.Contains("High *water* &amp; &lt;b&gt;tide&lt;/b&gt;", mail.HtmlBody, StringComparison.Ordinal);
        Assert.Contains("<https://news.example.com/unsubscribe/", mail.Headers[HeaderId.ListUnsubscribe], StringComparison.Ordinal);
        Assert.Equal("List-Unsubscribe=One-Click", mail.Headers["List-Unsubscribe-Post"]);
        Assert.True(second > first);
    }

    [Fact]
    public async Task OnceAMonthHoweverManyAskAndHoweverOften()
    {
        await TakeDigestAsync(1);
        await SendAsync("High water");

        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Desk.MakeDueAsync(default))));
        await Desk.MakeDueAsync(default);

        Assert.Single(made.SelectMany(editions => editions));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from editions where kind = 'digest'"));
        var month = Assert.Single((await Digests.ListAsync(null, PageRequest.First, default)).Items);
        Assert.Equal((DigestOutcome.Made, 1), (month.Outcome, month.Issues));
    }

    [Fact]
    public async Task AMonthThatWasCutOffInTheMiddleIsMadeByTheNextRun()
    {
        await TakeDigestAsync(1);
        await SendAsync("High water");
        // The last thing that its transaction does fails, as if the worker or the database had gone there.
        await Database.ExecuteAsync("""
            create function cut_off() returns trigger language plpgsql as $$ begin raise exception 'cut off'; end $$;
            create trigger cut_off before update on digests for each row execute function cut_off();
            """);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Desk.MakeDueAsync(default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from digests) + (select count(*) from digest_issues) + (select count(*) from editions where kind = 'digest')"));
        await Database.ExecuteAsync("drop trigger cut_off on digests");

        Assert.Single(await Desk.MakeDueAsync(default));

        // And what was made, and never published by who made it, the sweep finds.
        Assert.Single(await Room.Schedule.AllDue(default));
    }

    [Fact]
    public async Task EachIssueIsToldOfOnceAndNoDigestHasNothingToTell()
    {
        await TakeDigestAsync(1);
        await SendAsync("January");
        Assert.Single(await Desk.MakeDueAsync(default));
        await NextMonthAsync();
        Assert.Empty(await Desk.MakeDueAsync(default));
        await NextMonthAsync();
        await SendAsync("March");

        var edition = Assert.Single(await Desk.MakeDueAsync(default));

        var source = (await new EditionStore(DataSource).FindAsync(edition, default))!.Source;
        Assert.Contains("March", source, StringComparison.Ordinal);
        Assert.DoesNotContain("January", source, StringComparison.Ordinal);
        Assert.Equal(["made 1", "noissues 0", "made 1"], (await Digests.ListAsync("tea", PageRequest.First, default)).Items.Select(month => $"{month.Outcome.ToString().ToLowerInvariant()} {month.Issues}"));
    }

    [Fact]
    public async Task WhatNobodyWantedADigestOfIsNotToldToWhoComesLater()
    {
        await SendAsync("Before");
        Assert.Empty(await Desk.MakeDueAsync(default));
        await NextMonthAsync();
        await TakeDigestAsync(1);
        await SendAsync("After");

        var edition = Assert.Single(await Desk.MakeDueAsync(default));

        var source = (await new EditionStore(DataSource).FindAsync(edition, default))!.Source;
        Assert.Contains("After", source, StringComparison.Ordinal);
        Assert.DoesNotContain("Before", source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SwitchedOffNoneIsMadeAndTheNextTellsOfAllThatWentOutMeanwhile()
    {
        await TakeDigestAsync(1);
        await Database.ExecuteAsync("update newsletters set digests = false");
        var issue = await SendAsync("Meanwhile");
        Assert.Equal(1L, (await Room.ReceiptAsync(issue)).Excluded["digest"]);

        Assert.Empty(await Desk.MakeDueAsync(default));

        Assert.Equal(DigestOutcome.Off, Assert.Single((await Digests.ListAsync(null, PageRequest.First, default)).Items).Outcome);
        Assert.False((await Desk.NextAsync(_tea.Id, default))!.Enabled);
        await Database.ExecuteAsync("update newsletters set digests = true");
        await NextMonthAsync();
        var edition = Assert.Single(await Desk.MakeDueAsync(default));
        Assert.Contains("Meanwhile", (await new EditionStore(DataSource).FindAsync(edition, default))!.Source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItTellsOfNeitherSegmentsNorWhatWasCancelledNorItself()
    {
        await TakeDigestAsync(1);
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) values ($1, 'few', 'Few', 'tier = \"free\"')", _tea.Id);
        await SendAsync("For few", null, "segment: few");
        var cancelled = await SendAsync("Cancelled");
        await Database.ExecuteAsync("update issues set state = 'cancelled' where id = $1", cancelled);
        await SendAsync("For all");
        await PublishAsync(Assert.Single(await Desk.MakeDueAsync(default)));
        await NextMonthAsync();

        var next = (await Desk.NextAsync(_tea.Id, default))!;

        Assert.Empty(next.Issues);
        Assert.Equal("For all", await Database.ScalarAsync<string>("select string_agg(e.title, ',') from digest_issues x join issues i on i.id = x.issue_id join editions e on e.id = i.edition_id"));
        // Neither is a digest among the last issues that a segment may ask for.
        Assert.Equal(3L, await Database.ScalarAsync<long>("select count(*) from mailings"));
    }

    [Fact]
    public async Task LateByMoreThanADayItWaitsForAPerson()
    {
        await TakeDigestAsync(1);
        await SendAsync("High water");

        Assert.Empty(await new DigestDesk(Digests, Room.Newsletters, Room.Site, Room.Scheduling, NullLogger<DigestDesk>.Instance) { Late = TimeSpan.Zero }.MakeDueAsync(default));

        var edition = Assert.Single((await new EditionStore(DataSource).ListAsync(new EditionFilter { Kind = EditionKind.Digest }, PageRequest.First, default)).Items);
        Assert.Equal(EditionState.Held, edition.State);
        Assert.Contains("more than a day ago", edition.HeldReason, StringComparison.Ordinal);
        Assert.IsType<ScheduleOutcome.PublishingNow>(await Room.Scheduler.PublishNowAsync(edition.Id, default));
        Assert.Equal(Publishing.Frozen, await Room.Publisher.PublishAsync(edition.Id, default));
    }

    [Fact]
    public async Task ACopyThatWaitsToBeAdoptedMakesNone()
    {
        await TakeDigestAsync(1);
        await SendAsync("High water");
        await Database.ExecuteAsync("insert into instance (system_identifier, database_oid, held_reason) values ('1', 1, 'A copy.') on conflict do nothing; update instance set held_reason = 'A copy.'");

        Assert.Empty(await Desk.MakeDueAsync(default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from digests"));
    }

    [Fact]
    public async Task ADraftThatWasDeletedDoesNotComeBack()
    {
        await TakeDigestAsync(1);
        await SendAsync("High water");
        var edition = Assert.Single(await Desk.MakeDueAsync(default));
        Assert.IsType<ScheduleOutcome.Unscheduled>(await Room.Scheduler.UnscheduleAsync(edition, default));
        var desk = new EditionDesk(new EditionStore(DataSource));
        Assert.IsType<EditionChange.DigestHasNoNumber>(await desk.ReplaceAsync(edition, "---\ntitle: Mine\nnumber: 3\n---\nHi.\n", null, default));
        Assert.IsType<EditionChange.Saved>(await desk.ReplaceAsync(edition, "---\ntitle: Mine\n---\nHi.\n", null, default));
        Assert.Equal(EditionDeletion.Deleted, await new EditionStore(DataSource).DeleteAsync(edition, default));

        Assert.Empty(await Desk.MakeDueAsync(default));

        Assert.Equal((DigestOutcome.Made, null), (await Digests.ListAsync(null, PageRequest.First, default)).Items.Select(month => (month.Outcome, month.EditionId)).Single());
        // The number that the next edition gets is its author's next.
        Assert.Equal(2, (await Some.EditionAsync(Database, _tea)).Number);
    }

    [Fact]
    public async Task LeavingPausingErasingAndSuppressingCountForItAsForAnyIssue()
    {
        await Some.SubscribersAsync(Database, _tea, 4);
        await TakeDigestAsync(1, 2, 3, 4, 5, 6);
        await SendAsync("High water");
        await Database.ExecuteAsync("update subscriptions set paused_until = now() + interval '1 day' where subscriber_id = 1");
        var digest = await PublishAsync(Assert.Single(await Desk.MakeDueAsync(default)));
        await Database.ExecuteAsync("""
            update subscriptions set status = 'unsubscribed' where subscriber_id = 2;
            delete from subscribers where id = 3;
            insert into suppressions (address, reason) select address, 'manual' from subscribers where id = 4;
            update subscriptions set frequency = 'every' where subscriber_id = 5;
            """);

        await Room.Worker.WorkAsync();

        var receipt = await Room.ReceiptAsync(digest);
        Assert.Equal(["erased 1", "paused 1", "suppressed 1", "unsubscribed 1"], receipt.Excluded.Select(pair => $"{pair.Key} {pair.Value}"));
        // Who asks for every issue meanwhile was promised this one.
        Assert.Equal((6L, 2L, true), (receipt.Audience, receipt.Accepted, receipt.Balanced));
    }

    [Fact]
    public async Task ItIsSentAgainToThoseItMissed()
    {
        await TakeDigestAsync(1, 2);
        await SendAsync("High water");
        Relay(script => script.At(Newsletter.Mailer.Inbox.FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(552, "5.2.2 Mailbox full"));
        var digest = await PublishAsync(Assert.Single(await Desk.MakeDueAsync(default)));
        await Room.Worker.WorkAsync();
        Relay(script => script);
        var resend = new IssueResend(new ResendStore(DataSource), new RetryStore(DataSource), Room.Issues, new RejectionSorting(), Room.Options);

        Assert.Equal(1L, Assert.IsType<ResendOutcome.Opened>(await resend.OpenAsync(digest, IssueResend.Statuses, default)).Round.Recipients);
        await Room.Worker.WorkAsync();

        Assert.Equal(2L, (await Room.ReceiptAsync(digest)).Accepted);
    }

    [Fact]
    public async Task AResendOfAnIssueLeavesOutWhoHasTakenTheDigestSince()
    {
        Relay(script => script.At(Newsletter.Mailer.Inbox.FaultPoint.Rcpt).ToRecipient("reader1@example.net").Reply(552, "5.2.2 Mailbox full"));
        var issue = await SendAsync("High water");
        Relay(script => script);
        await TakeDigestAsync(1);
        var resend = new IssueResend(new ResendStore(DataSource), new RetryStore(DataSource), Room.Issues, new RejectionSorting(), Room.Options);

        Assert.Equal([new("digest", 1L)], Assert.IsType<ResendOutcome.Nobody>(await resend.OpenAsync(issue, IssueResend.Statuses, default)).LeftOut);
    }

    [Fact]
    public async Task AHundredIssuesAreToldOfByTheNewestFiftyAndTheArchive()
    {
        await TakeDigestAsync(1);
        await Database.ExecuteAsync("""
            with e as (
                insert into editions (newsletter_id, number, slug, title, subject, preheader, source, state)
                select $1, n, 's' || n, 'T' || n || repeat(' long', 50), 's', repeat('Word ', 95), '', 'published' from generate_series(1, 100) n returning id, newsletter_id, number)
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce, frozen_at, finished_at)
            select id, newsletter_id, 202601, 'finished', 'k1', now() + number * interval '1 second', 'x@example.com', now(), now() from e
            """, _tea.Id);

        var edition = Assert.Single(await Desk.MakeDueAsync(default));
        await PublishAsync(edition);

        var source = (await new EditionStore(DataSource).FindAsync(edition, default))!.Source;
        Assert.Contains("/archive/s100)", source, StringComparison.Ordinal);
        Assert.DoesNotContain("/archive/s50)", source, StringComparison.Ordinal);
        Assert.Contains("(https://news.example.com/n/tea/archive)", source, StringComparison.Ordinal);
        Assert.Equal(100L, await Database.ScalarAsync<long>("select count(*) from digest_issues"));
        // Below what Gmail clips, however long its parts are.
        Assert.InRange(await Database.ScalarAsync<int>("select html_bytes from issue_content where variant = 0"), 1, 102_000);
    }

    // A month passes: what was decided was decided a month earlier.
    private Task<int> NextMonthAsync() => Database.ExecuteAsync("update digests set month = month - interval '1 month', decided_at = decided_at - interval '1 month'");

    private Task<int> TakeDigestAsync(params long[] readers) => Database.ExecuteAsync("update subscriptions set frequency = 'digest' where subscriber_id = any($1)", readers);

    private async Task<long> SendAsync(string title, string? preheader = null, string frontMatter = "")
    {
        var number = await Database.ScalarAsync<long>("select count(*) from editions") + 1;
        var lines = $"title: '{title}'\nslug: edition-{number}\n{(preheader is null ? "" : $"preheader: '{preheader}'\n")}{frontMatter}".TrimEnd();
        var saved = Assert.IsType<EditionChange.Saved>(await new EditionDesk(new EditionStore(DataSource)).CreateAsync("tea", $"---\n{lines}\n---\nHi.\n", default));
        var issue = await Room.FreezeAsync(saved.Edition);
        await Room.Worker.WorkAsync();
        return issue;
    }

    private async Task<long> PublishAsync(long edition)
    {
        Assert.Equal(Publishing.Frozen, await Room.Publisher.PublishAsync(edition, default));
        return await Database.ScalarAsync<long>("select id from issues where edition_id = $1", edition);
    }

    private IEnumerable<MimeMessage> Mails() =>
        Enumerable.Range(1, (int)Room.Inbox.Messages.Count).Select(n => MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(n)!.Bytes)));
}
