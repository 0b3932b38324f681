using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience.Segments;

public sealed class SegmentStoreTests : DatabaseTest
{
    private SegmentStore Segments => new(DataSource);

    [Fact]
    public async Task ASegmentIsKeptListedChangedAndRemoved()
    {
        var newsletter = await Some.NewsletterAsync(Database);
        var made = Assert.IsType<AudienceOutcome<Segment>.Created>(await Segments.CreateAsync(Draft("Beta Prüfer"), default)).Value;

        Assert.Equal(("beta-prufer", "Beta Prüfer", "tags has \"beta\"", "tea"), (made.Slug, made.Name, made.Filter, made.Newsletter));
        Assert.True(made.IsCalled("beta-prufer") && made.IsCalled("BETA prüfer") && !made.IsCalled("beta"));
        Assert.Equal([made], await Segments.AllOfAsync(newsletter.Id, default));
        Assert.Equal([made], (await Segments.ListAsync("tea", PageRequest.First, default)).Items);
        Assert.Empty((await Segments.ListAsync("milk", PageRequest.First, default)).Items);

        var changed = Assert.IsType<AudienceOutcome<Segment>.Updated>(
            await Segments.UpdateAsync(made.Id, Draft("Beta") with { Filter = " tags is empty " }, default)).Value;
        Assert.Equal(("beta-prufer", "Beta", "tags is empty"), (changed.Slug, changed.Name, changed.Filter));

        Assert.IsType<AudienceOutcome<Segment>.Removed>(await Segments.RemoveAsync(made.Id, default));
        Assert.IsType<AudienceOutcome<Segment>.NotFound>(await Segments.RemoveAsync(made.Id, default));
        Assert.IsType<AudienceOutcome<Segment>.NotFound>(await Segments.UpdateAsync(made.Id, Draft("Beta"), default));
    }

    [Fact]
    public async Task WhatIsWrongIsToldByField()
    {
        await Some.NewsletterAsync(Database);
        var problems = Assert.IsType<AudienceOutcome<Segment>.Invalid>(
            await Segments.CreateAsync(new SegmentDraft { Newsletter = "milk", Slug = "Not a slug", Filter = "tags" }, default)).Problems;

        Assert.Equal(["filter", "name", "newsletter", "slug"], problems.Select(problem => problem.Field).Order());
        Assert.StartsWith("Line 1, column 5: ", problems.Single(problem => problem.Field == "filter").Problem, StringComparison.Ordinal);
        Assert.Equal("slug", Assert.Single(Assert.IsType<AudienceOutcome<Segment>.Invalid>(await Segments.CreateAsync(Draft("読者"), default)).Problems).Field);
    }

    [Fact]
    public async Task NameAndSlugAreTakenOnce()
    {
        await Some.NewsletterAsync(Database);
        await Segments.CreateAsync(Draft("Beta"), default);

        Assert.Equal("name", Assert.IsType<AudienceOutcome<Segment>.AlreadyExists>(await Segments.CreateAsync(Draft("BETA") with { Slug = "other" }, default)).Field);
        Assert.Equal("slug", Assert.IsType<AudienceOutcome<Segment>.AlreadyExists>(await Segments.CreateAsync(Draft("Other") with { Slug = "beta" }, default)).Field);
    }

    private static SegmentDraft Draft(string name) => new() { Newsletter = "tea", Name = name, Filter = "tags has \"beta\"" };
}
