using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class IssuePublisherTests : MailroomTest
{
    [Fact]
    public async Task ADueEditionBecomesAnIssueThatIsSending()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 120);
        var edition = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, edition);

        Assert.Equal(Publishing.Frozen, await Room.Publisher.PublishAsync(edition.Id, default));

        var kept = await FindAsync(edition.Id);
        Assert.Equal(EditionState.Published, kept.State);
        var receipt = await Room.ReceiptAsync(kept.IssueId!.Value);
        Assert.Equal(("sending", 120L, 120L), (receipt.State, receipt.Audience, receipt.Pending));
        Assert.NotNull(receipt.FrozenAt);
        Assert.Equal([50, 50, 20], await BatchSizesAsync(kept.IssueId.Value));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from issue_content where issue_id = $1 and length(sha256) = 32 and html_bytes > 0", kept.IssueId));
    }

    [Fact]
    public async Task WhatIsNotDueIsLeftAlone()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var draft = await Some.EditionAsync(Database, newsletter);
        var later = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, later, minutesAgo: -1);

        Assert.Equal(Publishing.NothingToDo, await Room.Publisher.PublishAsync(draft.Id, default));
        Assert.Equal(Publishing.NothingToDo, await Room.Publisher.PublishAsync(later.Id, default));
        Assert.Equal(Publishing.NothingToDo, await Room.Publisher.PublishAsync(4711, default));

        Assert.Empty(await Room.Schedule.AllDue(default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from issues"));
    }

    [Fact]
    public async Task AnEditionWhosePublishJobWasLostIsFound()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var first = await Some.EditionAsync(Database, newsletter);
        var second = await Some.EditionAsync(Database, newsletter);
        await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, second, minutesAgo: 5);
        await Some.DueAsync(Database, first, minutesAgo: 10);

        Assert.Equal([first.Id, second.Id], await Room.Schedule.AllDue(default));
        await Room.Publisher.PublishAsync(first.Id, default);

        Assert.Equal([second.Id], await Room.Schedule.AllDue(default));
    }

    [Fact]
    public async Task AnEditionMoreThanAnHourLateWaitsForAPerson()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Some.DueAsync(Database, edition, minutesAgo: 61);

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));

        var held = await FindAsync(edition.Id);
        Assert.Equal(EditionState.Held, held.State);
        Assert.Contains($"should have gone out at {held.SendAt:yyyy-MM-dd HH:mm} UTC and is more than 60 minutes late", held.HeldReason, StringComparison.Ordinal);
        Assert.Empty(await Room.Schedule.AllDue(default));
        Assert.Equal(Publishing.NothingToDo, await Room.Publisher.PublishAsync(edition.Id, default));
    }

    [Fact]
    public async Task AnEditionFiftyNineMinutesLateStillGoesOut()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Some.DueAsync(Database, edition, minutesAgo: 59);

        Assert.Equal(Publishing.Frozen, await Room.Publisher.PublishAsync(edition.Id, default));
    }

    [Fact]
    public async Task AHeldEditionGoesOutOnceAPersonPublishesIt()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Some.DueAsync(Database, edition, minutesAgo: 600);
        await Room.Publisher.PublishAsync(edition.Id, default);

        Assert.IsType<ScheduleOutcome.PublishingNow>(await Room.Scheduler.PublishNowAsync(edition.Id, default));
        Assert.Equal(Publishing.Frozen, await Room.Publisher.PublishAsync(edition.Id, default));

        Assert.Null((await FindAsync(edition.Id)).HeldReason);
    }

    [Fact]
    public async Task AnEditionThatNoLongerRendersIsHeldWithLineAndColumn()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var edition = await Some.EditionAsync(Database, newsletter, "Hello.\n\nDear {{ subscriber.attributes.nickname | default: \"friend\" }},\n");
        await Some.DueAsync(Database, edition);

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));

        var reason = (await FindAsync(edition.Id)).HeldReason;
        Assert.Contains("can't be sent as it stands. Line 7, column ", reason, StringComparison.Ordinal);
        Assert.Contains("nickname", reason, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from issues"));
    }

    [Fact]
    public async Task AnEditionThatMeetsADefectOfOursIsHeldInsteadOfTriedForEver()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Some.DueAsync(Database, edition);
        // No rule lets such an address in; whatever it breaks stands for what nobody thought of.
        await Database.ExecuteAsync("update newsletters set from_address = E'tea@ex\\nample.com'");

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));

        Assert.Contains("through a fault of the program and not of yours", (await FindAsync(edition.Id)).HeldReason, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from issues"));
    }

    [Fact]
    public async Task WithoutPostalAddressAnEditionIsHeld()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var edition = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, edition);
        await Database.ExecuteAsync("update newsletters set postal_address = null");

        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(edition.Id, default));

        Assert.Contains("set its postal_address", (await FindAsync(edition.Id)).HeldReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishingManyTimesAtOnceGivesOneIssueAndOneRowEach()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 250);
        var edition = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, edition);
        Room.Scheduling.FreezeChunk = 100;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Room.Publisher.PublishAsync(edition.Id, default))));
        await FreezeAllAsync();

        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from issues"));
        var receipt = await Room.ReceiptAsync((await FindAsync(edition.Id)).IssueId!.Value);
        Assert.Equal(("sending", 250L, 250L), (receipt.State, receipt.Audience, receipt.Pending));
        Assert.Equal(250L, await Database.ScalarAsync<long>("select count(distinct subscriber_id) from deliveries"));
        Assert.Equal([50, 50, 50, 50, 50], await BatchSizesAsync(receipt.Issue));
    }

    [Fact]
    public async Task AnEditionChangedAfterItWasRenderedIsNotPublishedAsItWas()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var edition = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, edition);
        var due = (await Room.Schedule.FindDueAsync(edition.Id, TimeSpan.FromHours(1), default))!;
        await Database.ExecuteAsync("update editions set revision = revision + 1");

        var issue = await Room.Freeze.InsertIssueAsync(New(due, compile: _ => throw new InvalidOperationException("Not to be reached.")), default);

        Assert.Null(issue);
        Assert.Equal(EditionState.Scheduled, (await FindAsync(edition.Id)).State);
    }

    [Fact]
    public async Task ACrashWhileCompilingLeavesTheEditionScheduled()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Some.DueAsync(Database, edition);
        var due = (await Room.Schedule.FindDueAsync(edition.Id, TimeSpan.FromHours(1), default))!;

        await Assert.ThrowsAsync<InvalidDataException>(() => Room.Freeze.InsertIssueAsync(New(due, compile: _ => throw new InvalidDataException()), default));

        Assert.Equal(EditionState.Scheduled, (await FindAsync(edition.Id)).State);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from issues"));
    }

    [Fact]
    public async Task TheMessageIdKeepsTheDomainOfTheFreezeAndDiffersBetweenDatabases()
    {
        var issue = await Room.FreezeIssueAsync(1);

        Assert.Matches("^[0-9a-f]{32}@example\\.com$", await Database.ScalarAsync<string>("select nonce from issues where id = $1", issue));
    }

    private static NewIssue New(DueEdition due, Func<long, Newsletter.Mailer.Rendering.CompiledMessage> compile) => new()
    {
        EditionId = due.Id,
        Revision = due.Revision,
        PartKey = 202611,
        UnknownPolicy = "resend",
        LinkKey = "k1",
        SentDate = due.Now,
        Nonce = "0@example.com",
        Compile = id => [new IssueContent(IssueVariant.Html, "everyone", compile(id), 0)],
    };

    private async Task FreezeAllAsync()
    {
        foreach (var issue in await Room.Freeze.AllFreezing(default))
            await Room.Publisher.FreezeAsync(issue, default);
    }

    private Task<IReadOnlyList<int>> BatchSizesAsync(long issue) =>
        Database.ListAsync<int>("select size from batches where issue_id = $1 order by batch_no", issue);

    private async Task<Edition> FindAsync(long id) => (await new EditionStore(DataSource).FindAsync(id, default))!;
}
