using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class NewsletterStoreTests : DatabaseTest
{
    private static readonly NewsletterDraft Tea = new()
    {
        Slug = "tea-weekly",
        Name = "Tea Weekly",
        FromAddress = "tea@BÜCHER.example",
        FromName = "Ana at Tea",
        ReplyTo = "answers@example.com",
        PostalAddress = " 1 Leaf Lane\r\nTeatown ",
        TimeZone = "Europe/Berlin",
        Cadence = "fridays 08:00",
        Theme = "plain",
        Language = "de",
    };

    private NewsletterStore Store => new(DataSource);

    [Fact]
    public async Task ANewsletterIsCreatedAndReadBack()
    {
        var created = Assert.IsType<AudienceOutcome<NewsletterProfile>.Created>(await Store.CreateAsync(Tea, default)).Value;

        Assert.Equal(created, await Store.GetAsync(created.Id, default));
        Assert.Equal(created, await Store.FindAsync("tea-weekly", default));
        Assert.Equal(("tea@xn--bcher-kva.example", "1 Leaf Lane\nTeatown", "fridays 08:00"),
            (created.FromAddress, created.PostalAddress, created.Cadence));
        Assert.Null(await Store.FindAsync("TEA-weekly", default));
        Assert.Null(await Store.FindAsync("\0", default));
        Assert.Null(await Store.GetAsync(created.Id + 1, default));
    }

    [Fact]
    public async Task WhatIsLeftOutHasItsDefault()
    {
        var draft = new NewsletterDraft { Slug = "t", Name = "T", FromAddress = "t@example.com", Cadence = " ", ReplyTo = "" };
        var profile = Assert.IsType<AudienceOutcome<NewsletterProfile>.Created>(await Store.CreateAsync(draft, default)).Value;

        Assert.Equal(("Etc/UTC", "plain", "en", null, null, null, null), (profile.TimeZone, profile.Theme, profile.Language,
            profile.Cadence, profile.ReplyTo, profile.FromName, profile.PostalAddress));
    }

    [Fact]
    public async Task ASlugIsTakenOnce()
    {
        await Store.CreateAsync(Tea, default);
        var taken = Assert.IsType<AudienceOutcome<NewsletterProfile>.AlreadyExists>(await Store.CreateAsync(Tea, default));
        Assert.Equal(("slug", "There already is a newsletter with the slug \"tea-weekly\"."), (taken.Field, taken.Problem));
    }

    [Fact]
    public async Task AllThatIsWrongIsToldAtOnceByField()
    {
        var wrong = new NewsletterDraft
        {
            Slug = "Tea!",
            Name = "a\nb",
            FromAddress = "Ana <ana@example.com>",
            FromName = new string('x', 101),
            ReplyTo = "josé@example.com",
            PostalAddress = "a\0b",
            TimeZone = "W. Europe Standard Time",
            Cadence = "a\tb",
            Theme = "../x",
            Language = "x y",
        };

        var problems = Assert.IsType<AudienceOutcome<NewsletterProfile>.Invalid>(await Store.CreateAsync(wrong, default)).Problems;
        Assert.Equal(
            ["slug", "name", "from_address", "from_name", "reply_to", "postal_address", "time_zone", "cadence", "theme", "language"],
            problems.Select(problem => problem.Field));
        Assert.Equal(["slug", "name", "from_address"],
            Assert.IsType<AudienceOutcome<NewsletterProfile>.Invalid>(await Store.CreateAsync(new NewsletterDraft(), default))
                .Problems.Select(problem => problem.Field));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("tea-2", true)]
    [InlineData("2-tea", true)]
    [InlineData("35", false)]
    [InlineData("-tea", false)]
    [InlineData("tea-", false)]
    [InlineData("Tea", false)]
    [InlineData("tea\n", false)]
    [InlineData("té", false)]
    public void ASlugIsFitForAnAddressLine(string slug, bool fits) =>
        Assert.Equal(fits, NewsletterRules.Check(Tea with { Slug = slug }).Profile is not null);

    [Theory]
    [InlineData("\"tea house\"@example.com")]
    [InlineData("\"a,b\"@example.com")]
    [InlineData("\"a<b\"@example.com")]
    [InlineData("\"a@b\"@example.com")]
    public void ASenderWhoseAddressNeedsQuotationMarksIsRefused(string address)
    {
        Assert.Equal("from_address", Refused(Tea with { FromAddress = address }));
        Assert.Equal("reply_to", Refused(Tea with { ReplyTo = address }));

        static string Refused(NewsletterDraft draft)
        {
            var problem = Assert.Single(NewsletterRules.Check(draft).Problems);
            Assert.Contains("quotation marks", problem.Problem, StringComparison.Ordinal);
            return problem.Field;
        }
    }

    [Fact]
    public void QuotationMarksThatAreNotNeededAreNoReasonToRefuse() =>
        Assert.Equal("tea.house@example.com", NewsletterRules.Check(Tea with { FromAddress = "\"tea.house\"@example.com" }).Profile?.FromAddress);

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("America/Argentina/Buenos_Aires", true)]
    [InlineData("UTC", true)]
    [InlineData("Etc/GMT+5", true)]
    [InlineData("europe/berlin", false)]
    [InlineData("Pacific Standard Time", false)]
    [InlineData("../../etc/passwd", false)]
    [InlineData("Mars/Olympus", false)]
    public void AZoneIsOneOfIanas(string zone, bool known) =>
        Assert.Equal(known, NewsletterRules.Check(Tea with { TimeZone = zone }).Profile is not null);

    [Fact]
    public async Task EverythingButTheSlugCanChange()
    {
        var id = Assert.IsType<AudienceOutcome<NewsletterProfile>.Created>(await Store.CreateAsync(Tea, default)).Value.Id;
        var present = (await Store.GetAsync(id, default))!;

        var outcome = await Store.UpdateAsync(id, NewsletterDraft.Of(present) with { Name = "Tea!", ReplyTo = null }, default);
        Assert.Equal(present with { Name = "Tea!", ReplyTo = null }, Assert.IsType<AudienceOutcome<NewsletterProfile>.Updated>(outcome).Value);
        Assert.Equal(present with { Name = "Tea!", ReplyTo = null }, await Store.GetAsync(id, default));

        var slug = await Store.UpdateAsync(id, Tea with { Slug = "coffee" }, default);
        Assert.Equal("slug", Assert.Single(Assert.IsType<AudienceOutcome<NewsletterProfile>.Invalid>(slug).Problems).Field);
        Assert.IsType<AudienceOutcome<NewsletterProfile>.Updated>(await Store.UpdateAsync(id, Tea with { Slug = null }, default));
        Assert.IsType<AudienceOutcome<NewsletterProfile>.Invalid>(await Store.UpdateAsync(id, Tea with { Name = " " }, default));
        Assert.IsType<AudienceOutcome<NewsletterProfile>.NotFound>(await Store.UpdateAsync(id + 1, Tea, default));
    }

    [Fact]
    public async Task NewslettersAreListedByThePage()
    {
        foreach (var slug in new[] { "one", "two", "three" }) await Store.CreateAsync(Tea with { Slug = slug }, default);

        var first = await Store.ListAsync(new PageRequest(Cursor.Start, 2), default);
        Assert.True(Cursor.TryParse(first.Next, out var next));
        var last = await Store.ListAsync(new PageRequest(next, 2), default);

        Assert.Equal(["one", "two", "three"], first.Items.Concat(last.Items).Select(newsletter => newsletter.Slug));
        Assert.Null(last.Next);
    }
}
