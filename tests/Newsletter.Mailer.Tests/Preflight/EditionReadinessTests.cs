using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Preflight;

namespace Newsletter.Mailer.Tests.Preflight;

public sealed class EditionReadinessTests
{
    private static readonly NewsletterProfile Tea = new()
    {
        Id = 1,
        Slug = "tea",
        Name = "The Tea",
        FromAddress = "tea@example.com",
        PostalAddress = "1 Kettle Lane",
        TimeZone = "Etc/UTC",
        Theme = "plain",
        Language = "en",
    };

    [Fact]
    public void AnEditionThatCanBeSentIsRendered()
    {
        var ready = Assert.IsType<EditionReadiness.Ready>(Check("---\ntitle: Hello\n---\nBody.\n"));

        Assert.True(ready.Rendered.HtmlBytes > 0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  \n ")]
    public void WithoutPostalAddressNothingGoesOut(string? address)
    {
        var problem = Assert.Single(Problems("---\ntitle: Hello\n---\nBody.\n", Tea with { PostalAddress = address }));

        Assert.Contains("'tea' has no postal address", problem, StringComparison.Ordinal);
        Assert.Contains("set its postal_address", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("---\ntitle: Hello\ncolour: red\n---\nBody.\n", "Line 3, column 1: ")]
    [InlineData("---\nnumber: 7\n---\nBody.\n", "title")]
    [InlineData("Body without front matter.\n", "Line 1, column 1: ")]
    [InlineData("---\ntitle: Hello\n---\nText\n\n{{ subscriber.shoe }}\n", "Line 6, column 4: ")]
    [InlineData("---\ntitle: Hello\n---\nText {{ oops\n", "Line 4, column 6: ")]
    [InlineData("---\ntitle: Hello\n---\n{{ subscriber.attributes.city | default: \"x\" }}\n", "city")]
    [InlineData("---\ntitle: Hello\nsegment: tokyo\n---\nBody.\n", "Line 3, column 10: The newsletter 'tea' has no segment 'tokyo'")]
    [InlineData("---\ntitle: Hello\ntheme: neon\n---\nBody.\n", "neon")]
    public void WhatIsWrongIsToldWithItsPlace(string source, string words) =>
        Assert.Contains(Problems(source, Tea), problem => problem.Contains(words, StringComparison.Ordinal));

    [Fact]
    public void EveryProblemIsToldAtOnce()
    {
        var problems = Problems("---\ntitle: Hello\nsegment: tokyo\n---\n{{ subscriber.a }}\n\n{{ subscriber.b }}\n", Tea with { PostalAddress = null });

        Assert.Equal(4, problems.Count);
    }

    [Fact]
    public void AnAttributeThatSomeReaderHasIsFine() =>
        Assert.IsType<EditionReadiness.Ready>(Check("---\ntitle: Hello\n---\n{{ subscriber.attributes.city | default: \"x\" }}\n", attributes: ["city"]));

    private static IReadOnlyList<string> Problems(string source, NewsletterProfile newsletter) =>
        Assert.IsType<EditionReadiness.NotReady>(Check(source, newsletter)).Problems;

    private static EditionReadiness Check(string source, NewsletterProfile? newsletter = null, IReadOnlyCollection<string>? attributes = null) =>
        EditionReadiness.Check(source, newsletter ?? Tea, new Uri("https://news.example.com/"), new DateTimeOffset(2026, 3, 6, 8, 0, 0, TimeSpan.Zero), attributes ?? [], 1);
}
