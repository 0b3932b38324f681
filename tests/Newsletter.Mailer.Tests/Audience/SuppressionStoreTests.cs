using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class SuppressionStoreTests : DatabaseTest
{
    private SuppressionStore Store => new(DataSource);

    [Fact]
    public async Task AnAddressIsSuppressedOnceWhateverItsCase()
    {
        var first = Assert.IsType<AudienceOutcome<Suppression>.Created>(await Store.AddAsync(
            new SuppressionDraft { Email = "Ana@BÜCHER.example", Reason = "hard_bounce", Evidence = "550 5.1.1 no such user" }, default)).Value;

        var again = Assert.IsType<AudienceOutcome<Suppression>.Updated>(
            await Store.AddAsync(new SuppressionDraft { Email = "ana@xn--bcher-kva.example", Reason = "complaint" }, default)).Value;

        Assert.Equal(first, again);
        Assert.Equal(("Ana@xn--bcher-kva.example", "hard_bounce", "550 5.1.1 no such user"), (again.Address, again.Reason, again.Evidence));
        Assert.Equal(first, await Store.GetAsync(first.Id, default));
        Assert.Equal(first, await FindAsync("ANA@bücher.example"));
        Assert.Null(await FindAsync("bo@bücher.example"));
    }

    [Fact]
    public async Task ADomainIsSuppressedExactlyAndItsAddressesFirst()
    {
        await Store.AddAsync(new SuppressionDraft { Domain = " Bad.Example " }, default);
        await Store.AddAsync(new SuppressionDraft { Email = "ana@bad.example", Reason = "complaint" }, default);

        Assert.Equal(("bad.example", "manual"), ((await FindAsync("bo@BAD.example"))!.Domain, (await FindAsync("bo@BAD.example"))!.Reason));
        Assert.Equal("complaint", (await FindAsync("ana@bad.example"))!.Reason);
        Assert.Null(await FindAsync("bo@sub.bad.example"));
        Assert.Null(await FindAsync("bo@notbad.example"));
    }

    [Fact]
    public async Task WhatIsRemovedIsGone()
    {
        var added = Assert.IsType<AudienceOutcome<Suppression>.Created>(
            await Store.AddAsync(new SuppressionDraft { Email = "ana@example.com" }, default)).Value;

        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Store.RemoveAsync(added.Id, default));
        Assert.IsType<AudienceOutcome<Suppression>.NotFound>(await Store.RemoveAsync(added.Id, default));
        Assert.Null(await FindAsync("ana@example.com"));
    }

    [Fact]
    public async Task WhatIsWrongIsToldByField()
    {
        Assert.Equal(["email"], await FieldsAsync(new SuppressionDraft()));
        Assert.Equal(["email"], await FieldsAsync(new SuppressionDraft { Email = "ana@example.com", Domain = "example.com" }));
        Assert.Equal(["email", "reason", "evidence"],
            await FieldsAsync(new SuppressionDraft { Email = "ana", Reason = "whim", Evidence = new string('x', 1_001) }));
        Assert.Equal(["domain", "evidence"], await FieldsAsync(new SuppressionDraft { Domain = "com", Evidence = "a\0b" }));
    }

    [Fact]
    public async Task SuppressionsAreListedByThePage()
    {
        for (var i = 0; i < 5; i++) await Store.AddAsync(new SuppressionDraft { Email = $"r{i}@example.com" }, default);

        var first = await Store.ListAsync(new PageRequest(Cursor.Start, 4), default);
        Assert.True(Cursor.TryParse(first.Next, out var next));
        var last = await Store.ListAsync(new PageRequest(next, 4), default);

        Assert.Equal(["r0@example.com", "r1@example.com", "r2@example.com", "r3@example.com"], first.Items.Select(s => s.Address));
        Assert.Equal(["r4@example.com"], last.Items.Select(s => s.Address));
        Assert.Null(last.Next);
    }

    [Fact]
    public async Task TheSameAddressAddedManyTimesAtOnceIsOne()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => Task.Run(() => Store.AddAsync(new SuppressionDraft { Email = "ana@example.com" }, default))));

        Assert.Single(outcomes, outcome => outcome is AudienceOutcome<Suppression>.Created);
        Assert.Single((await Store.ListAsync(PageRequest.First, default)).Items);
    }

    private async Task<IEnumerable<string>> FieldsAsync(SuppressionDraft draft) =>
        Assert.IsType<AudienceOutcome<Suppression>.Invalid>(await Store.AddAsync(draft, default)).Problems.Select(problem => problem.Field);

    private Task<Suppression?> FindAsync(string raw)
    {
        Assert.True(EmailAddress.TryParse(raw, out var address));
        return Store.FindAsync(address, default);
    }
}
