using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Editions;

public sealed class EditionStoreTests : DatabaseTest
{
    private EditionStore Editions => new(DataSource);

    private EditionDesk Desk => new(Editions);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Database.ExecuteAsync("insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com'), ('milk', 'Milk', 'milk@example.com')");
    }

    [Fact]
    public async Task ADraftKeepsWhatItsFrontMatterSays()
    {
        var source = "---\nnewsletter: tea\nnumber: 35\ntitle: Big leap\nsubject: A leap\npreheader: Read on\nslug: leap\nauthor: Ana\ntier: premium\n---\n\nText.\n";

        var edition = Saved(await Desk.CreateAsync(null, source, default));

        Assert.Equal(("tea", 35, "leap", "Big leap", "A leap"), (edition.Newsletter, edition.Number, edition.Slug, edition.Title, edition.Subject));
        Assert.Equal(("Read on", "Ana", "premium"), (edition.Preheader, edition.Author, edition.Tier));
        Assert.Equal((source, EditionState.Draft, 1), (edition.Source, edition.State, edition.Revision));
        Assert.Null(edition.IssueId);
        Assert.Equal(edition, await Editions.FindAsync(edition.Id, default));
    }

    [Fact]
    public async Task NumbersFollowTheLastOneOfTheNewsletter()
    {
        Assert.Equal(1, (await Create("tea", "first")).Number);
        await Create("tea", "second", number: 34);
        Assert.Equal(35, (await Create("tea", "third")).Number);
        Assert.Equal(1, (await Create("milk", "first")).Number);
    }

    [Fact]
    public async Task ManyAtOnceGetNumbersOfTheirOwn()
    {
        var editions = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Create("tea", $"edition {n}")));

        Assert.Equal(Enumerable.Range(1, 8), editions.Select(edition => edition.Number!.Value).Order());
    }

    [Fact]
    public async Task ATakenNumberOrSlugIsNamed()
    {
        await Create("tea", "first", number: 7);

        Assert.Equal(new EditionChange.NumberTaken(7), await Desk.CreateAsync("tea", Document("other", 7), default));
        Assert.Equal(new EditionChange.SlugTaken("first"), await Desk.CreateAsync("tea", Document("first", 8), default));
        Saved(await Desk.CreateAsync("milk", Document("first", 7), default));
    }

    [Fact]
    public async Task AfterTheLargestNumberThereIsNoNext()
    {
        await Create("tea", "last", number: int.MaxValue);

        Assert.Equal(new EditionChange.NumberTaken(int.MaxValue), await Desk.CreateAsync("tea", Document("one more"), default));
    }

    [Fact]
    public async Task TheNewsletterMustBeNamedKnownAndNotContradicted()
    {
        Assert.IsType<EditionChange.NewsletterMissing>(await Desk.CreateAsync(null, Document("x"), default));
        Assert.Equal(new EditionChange.NewsletterUnknown("coffee"), await Desk.CreateAsync("coffee", Document("x"), default));
        Assert.Equal(
            new EditionChange.NewsletterDiffers("milk", "tea"),
            await Desk.CreateAsync("tea", "---\nnewsletter: milk\nsubject: x\n---\n", default));
    }

    [Fact]
    public async Task AnUnreadableDocumentIsRefusedWithItsLines()
    {
        var refused = Assert.IsType<EditionChange.Unreadable>(await Desk.CreateAsync("tea", "---\nsubjekt: x\n---\n", default));

        Assert.Contains(refused.Errors, error => error.Line == 2);
    }

    [Fact]
    public async Task ReplacingKeepsTheNumberAndRaisesTheRevision()
    {
        var first = await Create("tea", "first", number: 9);

        var second = Saved(await Desk.ReplaceAsync(first.Id, Document("renamed"), 1, default));

        Assert.Equal((9, "renamed", 2), (second.Number, second.Slug, second.Revision));
        Assert.Equal(new EditionChange.Stale(2), await Desk.ReplaceAsync(first.Id, Document("again"), 1, default));
        Assert.Equal(3, Saved(await Desk.ReplaceAsync(first.Id, Document("again"), null, default)).Revision);
        Assert.IsType<EditionChange.NoSuchEdition>(await Desk.ReplaceAsync(first.Id + 1, Document("x"), null, default));
    }

    [Fact]
    public async Task AHeldEditionMayBeMendedAScheduledOneMustBeUnscheduledFirst()
    {
        var edition = await Create("tea", "first");

        await Database.ExecuteAsync("update editions set state = 'held', held_reason = 'late'");
        Assert.Equal("late", Saved(await Desk.ReplaceAsync(edition.Id, Document("mended"), null, default)).HeldReason);

        await Database.ExecuteAsync("update editions set state = 'scheduled', held_reason = null, send_at = now()");
        Assert.Equal(new EditionChange.WrongState(EditionState.Scheduled), await Desk.ReplaceAsync(edition.Id, Document("x"), 99, default));
        Assert.Equal(EditionDeletion.NotADraft, await Editions.DeleteAsync(edition.Id, default));
    }

    [Fact]
    public async Task ADraftCanBeDeletedOnce()
    {
        var edition = await Create("tea", "first");

        Assert.Equal(EditionDeletion.Deleted, await Editions.DeleteAsync(edition.Id, default));
        Assert.Equal(EditionDeletion.NoSuchEdition, await Editions.DeleteAsync(edition.Id, default));
    }

    [Fact]
    public async Task ListsAreNewestFirstAndFiltered()
    {
        var first = await Create("tea", "first");
        var second = await Create("tea", "second");
        await Create("milk", "third");
        await Database.ExecuteAsync("update editions set state = 'held', held_reason = 'late' where id = $1", first.Id);

        var tea = await List(new EditionFilter { Newsletter = "tea" });
        Assert.Equal([second.Id, first.Id], tea.Items.Select(edition => edition.Id));
        Assert.Null(tea.Next);
        Assert.All(tea.Items, edition => Assert.Empty(edition.Source));
        Assert.Equal([first.Id], (await List(new EditionFilter { State = EditionState.Held })).Items.Select(edition => edition.Id));
    }

    [Fact]
    public async Task PagesFollowEachOtherWithoutGapOrRepetition()
    {
        for (var n = 0; n < 5; n++)
            await Create("tea", $"edition {n}");

        var seen = new List<int>();
        string? next = null;
        do
        {
            Assert.True(PageRequest.TryCreate(next, 2, out var request, out _, out _));
            var page = await Editions.ListAsync(new EditionFilter(), request, default);
            seen.AddRange(page.Items.Select(edition => edition.Number!.Value));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal([5, 4, 3, 2, 1], seen);
    }

    private Task<Page<Edition>> List(EditionFilter filter) => Editions.ListAsync(filter, PageRequest.First, default);

    private async Task<Edition> Create(string newsletter, string title, int? number = null) =>
        Saved(await Desk.CreateAsync(newsletter, Document(title, number), default));

    private static string Document(string title, int? number = null) =>
        $"---\ntitle: {title}\n{(number is null ? "" : $"number: {number}\n")}---\n\nHello.\n";

    private static Edition Saved(EditionChange change) => Assert.IsType<EditionChange.Saved>(change).Edition;
}
