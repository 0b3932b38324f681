using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class NewsletterMeasuringTests : DatabaseTest
{
    private static (NewsletterMeasuring? Measuring, List<FieldProblem> Problems) Check(NewsletterMeasuring draft)
    {
        var problems = new List<FieldProblem>();
        return (NewsletterMeasuringRules.Check(draft, problems), problems);
    }

    [Fact]
    public async Task WhatIsAskedForIsKept()
    {
        var asked = new NewsletterMeasuring
        {
            Clicks = "individual",
            Opens = true,
            Utm = new UtmRule { Source = "{{newsletter.slug}}", Campaign = "no. {{ edition.number }}", Hosts = [" Exämple.org", "shop.example.com"] },
        };
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Measuring = asked });

        var kept = (await new NewsletterStore(DataSource).GetAsync(newsletter.Id, default))!.Measuring!;

        Assert.Equal(("individual", true, "{{newsletter.slug}}", "no. {{ edition.number }}", null), (kept.Clicks, kept.Opens, kept.Utm!.Source, kept.Utm.Campaign, kept.Utm.Medium));
        Assert.Equal(["xn--exmple-cua.org", "shop.example.com"], kept.Utm.Hosts);
        var update = await new NewsletterStore(DataSource).UpdateAsync(newsletter.Id, NewsletterDraft.Of(newsletter) with { Measuring = null }, default);
        Assert.Null(Assert.IsType<AudienceOutcome<NewsletterProfile>.Updated>(update).Value.Measuring);
        Assert.Null((await new NewsletterStore(DataSource).GetAsync(newsletter.Id, default))!.Measuring);
    }

    [Fact]
    public void NothingIsMeasuredUnlessAskedFor()
    {
        Assert.Null(Check(new NewsletterMeasuring()).Measuring);
        Assert.Null(Check(new NewsletterMeasuring { Clicks = " ", Opens = false, Utm = new UtmRule() }).Measuring);
        Assert.Equal(new NewsletterMeasuring { Clicks = "anonymous", Opens = false }, Check(new NewsletterMeasuring { Clicks = "anonymous" }).Measuring);
    }

    [Theory]
    [InlineData("always", null, null, null, "measuring.clicks")]
    [InlineData("off", true, null, null, "measuring.opens")]
    [InlineData(null, true, null, null, "measuring.opens")]
    [InlineData("off", null, "{{ subscriber.address }}", null, "measuring.utm.source")]
    [InlineData("off", null, "{{ edition.slug", null, "measuring.utm.source")]
    [InlineData("off", null, "a\nb", null, "measuring.utm.source")]
    [InlineData("off", null, "x", "https://example.org/", "measuring.utm.hosts")]
    [InlineData("off", null, "x", null, null)]
    [InlineData("off", null, null, "example.org", "measuring.utm")]
    public void WhatIsWrongIsToldByItsField(string? clicks, bool? opens, string? source, string? host, string? field)
    {
        var (_, problems) = Check(new NewsletterMeasuring { Clicks = clicks, Opens = opens, Utm = new UtmRule { Source = source, Hosts = host is null ? null : [host] } });

        Assert.Equal(field, problems.Count == 0 ? null : problems[0].Field);
    }

    [Fact]
    public void SoManyHostsOrANullAmongThemAreToldToo()
    {
        Assert.Equal("measuring.utm.hosts", Check(new NewsletterMeasuring { Utm = new UtmRule { Source = "x", Hosts = [null!] } }).Problems[0].Field);
        Assert.Contains("50", Check(new NewsletterMeasuring { Utm = new UtmRule { Source = "x", Hosts = [.. Enumerable.Repeat("example.org", 51)] } }).Problems[0].Problem, StringComparison.Ordinal);
    }
}
