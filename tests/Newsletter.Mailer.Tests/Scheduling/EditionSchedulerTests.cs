using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Scheduling;

public sealed class EditionSchedulerTests : MailroomTest
{
    // Friday, 6 March 2026, 09:00 in Berlin.
    private readonly ManualClock _clock = new();

    private EditionScheduler Scheduler => Room.SchedulerAt(_clock);

    [Fact]
    public async Task SchedulingKeepsTheInstantAndWhatTheAuthorSaid()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));

        var outcome = await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", "America/New_York", default);

        Assert.Null(Assert.IsType<ScheduleOutcome.Scheduled>(outcome).When.Note);
        var kept = await FindAsync(edition.Id);
        Assert.Equal(EditionState.Scheduled, kept.State);
        Assert.Equal(At("2026-03-13T12:00Z"), kept.SendAt);
        Assert.Equal(new DateTime(2026, 3, 13, 8, 0, 0), kept.SendLocal);
        Assert.Equal("America/New_York", kept.SendZone);
    }

    [Fact]
    public async Task TheNewslettersZoneHoldsWhereNoneIsNamedAndAClockChangeIsTold()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));

        var outcome = await Scheduler.ScheduleAsync(edition.Id, "2026-03-29T02:30", null, default);

        var when = Assert.IsType<ScheduleOutcome.Scheduled>(outcome).When;
        Assert.Contains("goes out at 03:30", when.Note, StringComparison.Ordinal);
        var kept = await FindAsync(edition.Id);
        Assert.Equal(At("2026-03-29T01:30Z"), kept.SendAt);
        Assert.Equal("Europe/Berlin", kept.SendZone);
    }

    [Theory]
    [InlineData("2026-03-06T08:58", null, "at", "in the past")]
    [InlineData("2020-01-01T08:00", null, "at", "in the past")]
    [InlineData("next friday", null, "at", "no local time")]
    [InlineData(null, null, "at", "no local time")]
    [InlineData("0001-01-01T00:00", "Asia/Tokyo", "at", "no local time")]
    [InlineData("9999-12-31T23:59", "America/New_York", "at", "no local time")]
    [InlineData("2026-04-03T08:00", "Mars/Olympus", "zone", "no IANA time zone")]
    [InlineData("2026-04-03T08:00", "W. Europe Standard Time", "zone", "no IANA time zone")]
    public async Task ATimeThatCannotBeIsRefusedInWords(string? at, string? zone, string field, string words)
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));

        var outcome = await Scheduler.ScheduleAsync(edition.Id, at, zone, default);

        var invalid = Assert.IsType<ScheduleOutcome.Invalid>(outcome);
        Assert.Equal(field, invalid.Field);
        Assert.Contains(words, invalid.Problem, StringComparison.Ordinal);
        Assert.Equal(EditionState.Draft, (await FindAsync(edition.Id)).State);
    }

    [Fact]
    public async Task ATimeOfThisMinuteIsStillTaken()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));

        Assert.IsType<ScheduleOutcome.Scheduled>(await Scheduler.ScheduleAsync(edition.Id, "2026-03-06T09:00", null, default));
    }

    [Fact]
    public async Task SchedulingAgainMovesTheTime()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default);

        Assert.IsType<ScheduleOutcome.Scheduled>(await Scheduler.ScheduleAsync(edition.Id, "2026-03-14T08:00", null, default));

        Assert.Equal(At("2026-03-14T07:00Z"), (await FindAsync(edition.Id)).SendAt);
    }

    [Fact]
    public async Task AnEditionThatDoesNotRenderIsRefusedWithLineAndColumn()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var edition = await Some.EditionAsync(Database, newsletter, "Hello.\n\nDear {{ subscriber.shoe_size }},\n");

        var outcome = await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default);

        var problem = Assert.Single(Assert.IsType<ScheduleOutcome.NotReady>(outcome).Problems);
        Assert.StartsWith("Line 7, column ", problem, StringComparison.Ordinal);
        Assert.Contains("shoe_size", problem, StringComparison.Ordinal);
        Assert.Equal(EditionState.Draft, (await FindAsync(edition.Id)).State);
    }

    [Fact]
    public async Task ANewsletterWithoutPostalAddressSendsNothing()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { PostalAddress = null });
        var edition = await Some.EditionAsync(Database, newsletter);

        foreach (var outcome in new[]
        {
            await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default),
            await Scheduler.PublishNowAsync(edition.Id, default),
        })
            Assert.Contains("postal_address", Assert.Single(Assert.IsType<ScheduleOutcome.NotReady>(outcome).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAttributeIsKnownOnceAReaderHasIt()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 2);
        var edition = await Some.EditionAsync(Database, newsletter, "{{ subscriber.attributes.city | default: \"your town\" }}\n");
        var before = await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default);

        await Database.ExecuteAsync("update subscribers set attributes = '{\"city\":\"Oslo\"}' where address = 'reader2@example.net'");
        var after = await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default);

        Assert.IsType<ScheduleOutcome.NotReady>(before);
        Assert.IsType<ScheduleOutcome.Scheduled>(after);
    }

    [Fact]
    public async Task TheNextSlotIsTheFirstThatNoOtherEditionHas()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Cadence = "fridays 08:00" });
        var editions = new List<Edition>();
        for (var i = 0; i < 3; i++)
            editions.Add(await Some.EditionAsync(Database, newsletter));

        var first = await NextAsync(editions[0]);
        var second = await NextAsync(editions[1]);
        await Scheduler.UnscheduleAsync(editions[0].Id, default);
        var third = await NextAsync(editions[2]);

        // 08:00 of this Friday has passed.
        Assert.Equal(At("2026-03-13T07:00Z"), first.Instant);
        Assert.Equal(At("2026-03-20T07:00Z"), second.Instant);
        Assert.Equal(At("2026-03-13T07:00Z"), third.Instant);
        Assert.Equal(new DateTime(2026, 3, 13, 8, 0, 0), third.Local);
        Assert.Equal("Europe/Berlin", (await FindAsync(editions[2].Id)).SendZone);
    }

    [Fact]
    public async Task AskingForTheNextSlotTwiceKeepsTheSlot()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Cadence = "fridays 08:00" });
        var edition = await Some.EditionAsync(Database, newsletter);

        Assert.Equal((await NextAsync(edition)).Instant, (await NextAsync(edition)).Instant);
    }

    [Fact]
    public async Task EditionsThatAskAtOnceGetSlotsOfTheirOwn()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Cadence = "fridays 08:00" });
        var editions = new List<Edition>();
        for (var i = 0; i < 8; i++)
            editions.Add(await Some.EditionAsync(Database, newsletter));

        var slots = await Task.WhenAll(editions.Select(NextAsync));

        Assert.Equal(
            Enumerable.Range(0, 8).Select(week => At(week < 3 ? "2026-03-13T07:00Z" : "2026-03-13T06:00Z").AddDays(7 * week)),
            slots.Select(slot => slot.Instant).Order());
    }

    [Theory]
    [InlineData("30 2 29 3 *", "2026-03-29T01:00Z", "02:30 does not exist on 2026-03-29 in Europe/Berlin, because the clocks go forward: it goes out at 03:00.")]
    [InlineData("0 3 29 3 *", "2026-03-29T01:00Z", null)]
    [InlineData("30 2 25 10 *", "2026-10-25T00:30Z", "02:30 comes twice on 2026-10-25 in Europe/Berlin, because the clocks go back: it goes out the first time.")]
    [InlineData("30 3 25 10 *", "2026-10-25T02:30Z", null)]
    public async Task WhatAClockChangeDidToTheNextSlotIsTold(string cadence, string instant, string? note)
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Cadence = cadence });

        var when = await NextAsync(await Some.EditionAsync(Database, newsletter));

        Assert.Equal((At(instant), note), (when.Instant, when.Note));
    }

    [Fact]
    public async Task WhereEverySlotIsTakenThereIsNoNextOne()
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Cadence = "0 8 29 2 *" });
        Assert.Null(Cadence.TryParse(newsletter.Cadence, out var cadence));
        var zone = LocalTime.FindZone(newsletter.TimeZone)!;
        // Leap days come to an end with the calendar of cadences.
        foreach (var slot in cadence!.After(_clock.GetUtcNow(), zone))
        {
            var other = await Some.EditionAsync(Database, newsletter);
            Assert.True(await Room.Schedule.ScheduleAsync(other.Id, other.Revision, new LocalTime(slot, TimeZoneInfo.ConvertTime(slot, zone).DateTime, zone.Id, null), default));
        }

        var edition = await Some.EditionAsync(Database, newsletter);

        var invalid = Assert.IsType<ScheduleOutcome.Invalid>(await Scheduler.ScheduleNextAsync(edition.Id, default));

        Assert.Equal("slot", invalid.Field);
        Assert.Contains("taken by other editions", invalid.Problem, StringComparison.Ordinal);
        Assert.Equal(EditionState.Draft, (await FindAsync(edition.Id)).State);
    }

    [Theory]
    [InlineData(null, "has no cadence")]
    [InlineData("whenever 08:00", "is no cadence")]
    [InlineData("0 8 30 2 *", "never comes")]
    public async Task WithoutAUsableCadenceThereIsNoNextSlot(string? cadence, string words)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        // As if it had been kept before its syntax was checked.
        await Database.ExecuteAsync("update newsletters set cadence = $1", cadence);
        var edition = await Some.EditionAsync(Database, newsletter);

        var invalid = Assert.IsType<ScheduleOutcome.Invalid>(await Scheduler.ScheduleNextAsync(edition.Id, default));

        Assert.Equal("slot", invalid.Field);
        Assert.Contains(words, invalid.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnschedulingMakesADraftAgain()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default);

        Assert.IsType<ScheduleOutcome.Unscheduled>(await Scheduler.UnscheduleAsync(edition.Id, default));
        var again = Assert.IsType<ScheduleOutcome.WrongState>(await Scheduler.UnscheduleAsync(edition.Id, default));

        Assert.Equal(EditionState.Draft, again.State);
        var kept = await FindAsync(edition.Id);
        Assert.Equal(EditionState.Draft, kept.State);
        Assert.Null(kept.SendAt);
        Assert.Null(kept.SendLocal);
        Assert.Null(kept.SendZone);
    }

    [Fact]
    public async Task APublishedEditionStaysPublished()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database, draft => draft with { Cadence = "fridays 08:00" }));
        await Room.FreezeAsync(edition);

        foreach (var outcome in new[]
        {
            await Scheduler.ScheduleAsync(edition.Id, "2026-03-13T08:00", null, default),
            await Scheduler.ScheduleNextAsync(edition.Id, default),
            await Scheduler.PublishNowAsync(edition.Id, default),
            await Scheduler.UnscheduleAsync(edition.Id, default),
        })
            Assert.Equal(EditionState.Published, Assert.IsType<ScheduleOutcome.WrongState>(outcome).State);
    }

    [Fact]
    public async Task AnEditionThatIsNotThereIsToldSo()
    {
        Assert.IsType<ScheduleOutcome.NoSuchEdition>(await Scheduler.ScheduleAsync(7, "2026-03-13T08:00", null, default));
        Assert.IsType<ScheduleOutcome.NoSuchEdition>(await Scheduler.ScheduleNextAsync(7, default));
        Assert.IsType<ScheduleOutcome.NoSuchEdition>(await Scheduler.PublishNowAsync(7, default));
        Assert.IsType<ScheduleOutcome.NoSuchEdition>(await Scheduler.UnscheduleAsync(7, default));
    }

    [Fact]
    public async Task AnEditionChangedWhileItIsLookedAtIsNotScheduled()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));
        var when = LocalTime.Resolve(new DateTime(2030, 3, 13, 8, 0, 0), TimeZoneInfo.Utc);

        Assert.False(await Room.Schedule.ScheduleAsync(edition.Id, edition.Revision - 1, when, default));
        Assert.IsType<ScheduleOutcome.ChangedMeanwhile>(await Room.Schedule.ScheduleNextAsync(edition.Id, edition.Revision - 1, edition.NewsletterId, [when], default));
        Assert.False(await Room.Schedule.ScheduleNowAsync(edition.Id, edition.Revision - 1, when.Local, when.Zone, default));

        Assert.Equal(EditionState.Draft, (await FindAsync(edition.Id)).State);
    }

    [Fact]
    public async Task PublishingNowIsDueAtOnceInTheNewslettersZone()
    {
        var edition = await Some.EditionAsync(Database, await Some.NewsletterAsync(Database));

        Assert.IsType<ScheduleOutcome.PublishingNow>(await Scheduler.PublishNowAsync(edition.Id, default));

        Assert.Equal([edition.Id], await Room.Schedule.AllDue(default));
        var kept = await FindAsync(edition.Id);
        Assert.Equal("Europe/Berlin", kept.SendZone);
        Assert.Equal(new DateTime(2026, 3, 6, 9, 0, 0), kept.SendLocal);
    }

    private async Task<LocalTime> NextAsync(Edition edition) =>
        Assert.IsType<ScheduleOutcome.Scheduled>(await Scheduler.ScheduleNextAsync(edition.Id, default)).When;

    private async Task<Edition> FindAsync(long id) => (await new EditionStore(DataSource).FindAsync(id, default))!;

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
