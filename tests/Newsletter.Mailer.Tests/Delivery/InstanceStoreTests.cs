using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>A database that is a copy of another sends nothing until a person says so.</summary>
public sealed class InstanceStoreTests : MailroomTest
{
    private InstanceStore Instance => new(DataSource);

    [Fact]
    public async Task WhoeverComesFirstMakesTheDatabaseTheirsAndComesBackToIt()
    {
        Assert.Null((await Instance.LookAsync(default)).HeldReason);
        Assert.Null((await Instance.LookAsync(default)).HeldReason);

        Assert.Equal(
            await Database.ScalarAsync<string>("select system_identifier::text from pg_control_system()"),
            await Database.ScalarAsync<string>("select system_identifier from instance"));
    }

    [Theory]
    [InlineData("system_identifier = '1'")]
    [InlineData("database_oid = 1")]
    public async Task AnotherServerOrDatabaseIsACopy(string change)
    {
        await Instance.LookAsync(default);
        await Database.ExecuteAsync($"update instance set {change}");

        var first = await Instance.LookAsync(default);
        var second = await Instance.LookAsync(default);

        Assert.Contains("is a copy", first.HeldReason, StringComparison.Ordinal);
        Assert.Contains("newsletter adopt", first.HeldReason, StringComparison.Ordinal);
        Assert.Equal((true, false, first.HeldReason), (first.IsNew, second.IsNew, second.HeldReason));
    }

    [Fact]
    public async Task ADatabaseLongSilentWithMailDueMayBeABackup()
    {
        await Room.FreezeIssueAsync(3);
        await Instance.LookAsync(default);
        await SilenceAsync(minutes: 61);

        Assert.Contains("may be a backup", (await Instance.LookAsync(default)).HeldReason, StringComparison.Ordinal);
        Assert.Equal("paused", await Database.ScalarAsync<string>("select state from issues"));
    }

    [Fact]
    public async Task SilenceAloneIsNothing()
    {
        await Instance.LookAsync(default);
        await SilenceAsync(minutes: 600);

        Assert.Null((await Instance.LookAsync(default)).HeldReason);
        Assert.True(await Database.ScalarAsync<bool>("select heartbeat_at > now() - interval '1 minute' from instance"));
    }

    [Fact]
    public async Task AShortSilenceIsNothingEvenWithMailDue()
    {
        await Room.FreezeIssueAsync(3);
        await Instance.LookAsync(default);
        await SilenceAsync(minutes: 58);

        Assert.Null((await Instance.LookAsync(default)).HeldReason);
    }

    [Fact]
    public async Task ACopySendsNothingOfAnyKind()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 3);
        var underWay = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        var due = await Some.EditionAsync(Database, newsletter);
        await Some.DueAsync(Database, due);
        var later = await Some.EditionAsync(Database, newsletter);
        var outbox = new OutboxStore(DataSource);
        var mail = Assert.Single(await outbox.PutAsync([new OutboxMail { Kind = "test_send", Address = "ana@example.com", Model = "{}" }], default));
        await CopyAsync();

        await Room.Worker.WorkAsync();

        Assert.Equal(0, Room.Inbox.Messages.Count);
        Assert.Equal("paused", await Room.Issues.StateOf(underWay, default));
        Assert.False(await Room.Issues.ResumeAsync(underWay, default));
        Assert.Equal("held", await StateOfAsync(due.Id));
        Assert.Null(await outbox.ClaimAsync(mail, TimeSpan.FromMinutes(1), default));
        await Some.DueAsync(Database, later);
        Assert.Equal(Publishing.Held, await Room.Publisher.PublishAsync(later.Id, default));
        Assert.Contains("newsletter adopt", await Database.ScalarAsync<string>("select held_reason from editions where id = $1", later.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFreezeUnderWayStopsOnACopy()
    {
        var issue = await Room.FreezeIssueAsync(3);
        await Database.ExecuteAsync("delete from batches; delete from deliveries; update issues set state = 'freezing', audience = 0, freeze_cursor = 0");
        await CopyAsync();

        Assert.False(await Room.Publisher.FreezeAsync(issue, default));
        await Instance.AdoptAsync(default);
        Assert.True(await Room.Publisher.FreezeAsync(issue, default));
    }

    [Fact]
    public async Task OnceAdoptedItIsLikeAnyOtherButForWhatAPersonHasToLookAt()
    {
        var issue = await Room.FreezeIssueAsync(3);
        await CopyAsync();

        var adoption = await Instance.AdoptAsync(default);

        Assert.Contains("is a copy", adoption.Reason, StringComparison.Ordinal);
        Assert.Equal([issue], adoption.PausedIssues);
        Assert.Null((await Instance.LookAsync(default)).HeldReason);
        Assert.Equal("paused", await Room.Issues.StateOf(issue, default));
        Assert.True(await Room.Issues.ResumeAsync(issue, default));
        await Room.Worker.WorkAsync();
        Assert.Equal("finished", await Room.Issues.StateOf(issue, default));
        Assert.Null((await Instance.AdoptAsync(default)).Reason);
    }

    [Fact]
    public async Task AdoptingFindsACopyThatNobodyLookedAtYet()
    {
        await Instance.LookAsync(default);
        await Database.ExecuteAsync("update instance set database_oid = 1");

        Assert.NotNull((await Instance.AdoptAsync(default)).Reason);
        Assert.Null((await Instance.LookAsync(default)).HeldReason);
    }

    private Task<string?> StateOfAsync(long edition) => Database.ScalarAsync<string>("select state from editions where id = $1", edition);

    private Task SilenceAsync(int minutes) => Database.ExecuteAsync("update instance set heartbeat_at = now() - make_interval(mins => $1)", minutes);

    private async Task CopyAsync()
    {
        await Instance.LookAsync(default);
        await Database.ExecuteAsync("update instance set system_identifier = '1'");
        await Instance.LookAsync(default);
    }
}
