using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Preflight;

public sealed class EditionPreflightTests
{
    private const string Head = "---\ntitle: Letters from the harbour\npreheader: What the tide brought in\n---\n";

    private static readonly DateTimeOffset s_now = new(2026, 3, 6, 8, 0, 0, TimeSpan.Zero);

    private static readonly NewsletterProfile s_tea = new()
    {
        Id = 1,
        Slug = "tea",
        Name = "The Tea",
        FromAddress = "tea@example.com",
        PostalAddress = "1 Kettle Lane",
    };

    /// <summary>Every code with an edition that trips it.</summary>
    private static readonly Dictionary<string, Func<PreflightReport>> s_trips = new(StringComparer.Ordinal)
    {
        ["front-matter"] = () => Check("---\ntitle: x\ncolour: red\n---\nText.\n"),
        ["rendering"] = () => Check(Head + "Hello {{ subscriber.shoe }}.\n"),
        ["dialect"] = () => Check(Head + "Hello <marquee>you</marquee>.\n"),
        ["segment-unknown"] = () => Check("---\ntitle: x\nsegment: tokyo\n---\nText.\n"),
        ["html-too-large"] = () => Check(Head + Long(110)),
        ["html-large"] = () => Check(Head + Long(84)),
        ["postal-address-missing"] = () => Check(Head + "Text.\n", s_tea with { PostalAddress = " " }),
        ["unsubscribe-missing"] = () => Check(Head + "Text.\n", s_tea with { Layout = "<html><body>{{ content }} {{ postal_address }}</body></html>" }),
        ["text-part-empty"] = () => Check(Head + "![A boat](https://pics.example.org/a.png)\n"),
        ["subject-empty"] = () => Check("---\ntitle: x\nsubject: '{{ subscriber.first_name | default: \" \" }}'\n---\nText.\n"),
        ["subject-long"] = () => Check($"---\ntitle: {new string('a', 71)}\n---\nText.\n"),
        ["subject-shouting"] = () => Check("---\ntitle: BUY A BOAT TODAY\n---\nText.\n"),
        ["subject-reply-mark"] = () => Check("---\ntitle: 'Re: the boat'\n---\nText.\n"),
        ["preheader-missing"] = () => Check("---\ntitle: x\n---\nText.\n"),
        ["preheader-long"] = () => Check($"---\ntitle: x\npreheader: {new string('a', 141)}\n---\nText.\n"),
        ["preheader-repeats"] = () => Check("---\ntitle: The boat\npreheader: the boat\n---\nText.\n"),
        ["link-missing"] = () => Check(Head + "Read [the log]().\n"),
        ["link-not-encrypted"] = () => Check(Head + "Read [the log](http://log.example.org/a).\n"),
        ["link-private"] = () => Check(Head + "Read [the log](https://192.168.7.1/a).\n"),
        ["link-shortener"] = () => Check(Head + "Read [the log](https://bit.ly/a).\n"),
        ["link-duplicate"] = () => Check(Head + "Read [the log](https://log.example.org/a), I said [the log](https://log.example.org/a).\n"),
        ["link-text-vague"] = () => Check(Head + "Read [here](https://log.example.org/a).\n"),
        ["link-text-differs"] = () => Check(Head + "Read [bank.example.com](https://log.example.org/a).\n"),
        ["link-dead"] = () => Asked("Read [the log](https://log.example.org/a).\n", new AddressState(AddressVerdict.Dead, "it answers 404")),
        ["link-unreachable"] = () => Asked("Read [the log](https://log.example.org/a).\n", new AddressState(AddressVerdict.Unreachable, "it answers 500")),
        ["image-alt-missing"] = () => Check(Head + "Look: ![](https://pics.example.org/a.png)\n"),
        ["image-width-missing"] = () => Check(Head + "Text.\n", s_tea with { Layout = Layout("<img src=\"https://pics.example.org/logo.png\" alt=\"A kettle\">") }),
        ["image-not-encrypted"] = () => Check(Head + "Look: ![A boat](http://pics.example.org/a.png)\n"),
        ["image-too-large"] = () => Asked("Look: ![A boat](https://log.example.org/a)\n", new AddressState(AddressVerdict.Fine, null, 1_200_000, "image/png")),
        ["images-heavy"] = () => Asked("Look: ![A boat](https://log.example.org/a)\n", new AddressState(AddressVerdict.Fine, null, 3_100_000, "image/png")),
        ["image-dead"] = () => Asked("Look: ![A boat](https://log.example.org/a)\n", new AddressState(AddressVerdict.Fine, null, 5_000, "text/html")),
        ["contrast-light"] = () => Check(Head + "Text.\n", s_tea with { Design = new NewsletterDesign { Ink = "#bbbbbb" } }),
        ["contrast-dark"] = () => Check(Head + "Text.\n", s_tea with { Design = new NewsletterDesign { InkDark = "#333333" } }),
        ["placeholder-left"] = () => Check(Head + "Dear [NAME], lorem ipsum.\n"),
        ["merge-tag-left"] = () => Check(Head + "Dear *|FNAME|*.\n"),
        ["braces-unbalanced"] = () => Check("---\ntitle: x\ntemplate: off\n---\nText {{ open.\n"),
        ["personalisation-empty"] = () => Known("Text {{ subscriber.first_name | default: \"\" }}.\n", new AudienceFacts(40_000, Without(412))),
        ["personalisation-default"] = () => Known("Text {{ subscriber.first_name | default: \"friend\" }}.\n", new AudienceFacts(40_000, Without(412))),
        ["audience-empty"] = () => Known("Text.\n", new AudienceFacts(0, Without(0))),
        ["from-free-mailbox"] = () => Check(Head + "Text.\n", s_tea with { FromAddress = "tea@gmail.com" }),
        ["from-no-reply"] = () => Check(Head + "Text.\n", s_tea with { FromAddress = "no-reply@example.com" }),
        ["dkim-unaligned"] = () => EditionPreflight.Check(Request(Head + "Text.\n") with { SignedDomains = ["example.net"] }),
        ["schedule-past"] = () => EditionPreflight.Check(Request(Head + "Text.\n") with { SendAt = s_now.AddHours(-1) }),
        ["schedule-night"] = () => EditionPreflight.Check(Request(Head + "Text.\n") with { SendAt = s_now.AddHours(18) }),
        ["schedule-crowded"] = () => EditionPreflight.Check(Request(Head + "Text.\n") with { SendAt = s_now.AddHours(1), Others = [new OtherEdition(4, "Other", s_now.AddMinutes(30), false)] }),
        ["number-order"] = () => EditionPreflight.Check(Request("---\ntitle: x\nnumber: 3\n---\nText.\n") with { Others = [new OtherEdition(4, "Other", s_now.AddDays(-3), true)] }),
        ["date-differs"] = () => EditionPreflight.Check(Request("---\ntitle: x\ndate: 2026-01-06\n---\nText.\n") with { SendAt = s_now.AddHours(1) }),
    };

    public static TheoryData<string> Codes => [.. PreflightRules.All.Select(rule => rule.Code)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void EveryCheckIsTrippedByWhatItIsFor(string code)
    {
        var found = s_trips[code]().Findings.Where(found => found.Code == code).ToList();

        Assert.NotEmpty(found);
        Assert.All(found, finding => Assert.Equal(PreflightRules.All.Single(rule => rule.Code == code).Severity, finding.Severity));
        Assert.All(found, finding => Assert.True(finding.Message.Length > 10 && finding.Remedy.Length > 4));
    }

    [Fact]
    public void ThereAreEnoughChecksEachWithACodeOfItsOwn()
    {
        Assert.True(PreflightRules.All.Count >= 25);
        Assert.Equal(PreflightRules.All.Count, PreflightRules.All.Select(rule => rule.Code).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("magazine")]
    [InlineData("letter")]
    public void TheSampleEditionPassesClean(string theme)
    {
        var report = EditionPreflight.Check(Request(SampleEdition.Source) with
        {
            Newsletter = SampleEdition.Newsletter,
            Theme = theme,
            SendAt = s_now.AddHours(1),
            Audience = new AudienceFacts(40_000, Without(0)),
            Others = [new OtherEdition(11, "Before", s_now.AddDays(-7), true)],
            SignedDomains = ["example.com"],
        });

        Assert.Empty(report.Findings);
        Assert.Equal(6, report.Addresses.Count);
    }

    [Fact]
    public void PlacesAreThoseOfTheFile()
    {
        var report = Check("---\ntitle: x\npreheader: y\n---\n\n`[NAME]` is code.\n\n```\nTODO\n```\n\nBut [NAME] isn't.\n");

        var found = Assert.Single(report.Findings);
        Assert.Equal(("placeholder-left", 12, 5), (found.Code, found.Line, found.Column));
    }

    [Fact]
    public void ALargeEditionNamesItsHeaviestSections()
    {
        var found = Assert.Single(Check(Head + "## Short\n\nText.\n\n## The whole log\n\n" + Long(110)).Findings, found => found.Code == "html-too-large");

        Assert.Contains("The heaviest sections: “The whole log” (", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SizeCanBeForcedAndNothingElse()
    {
        var source = Head + Long(110) + "\n\nDear *|FNAME|*.\n";
        Assert.Equal(["html-too-large", "merge-tag-left"], Check(source).Findings.Where(found => found.Severity == CheckSeverity.Error).Select(found => found.Code).Order(StringComparer.Ordinal));

        var forced = EditionPreflight.Check(Request(source) with { SizeForced = true });

        Assert.Equal("merge-tag-left", Assert.Single(forced.Findings, found => found.Severity == CheckSeverity.Error).Code);
        Assert.Contains(forced.Findings, found => found.Code == "html-large");
    }

    [Fact]
    public void ErrorsKeepAnEditionFromGoingOutAndWarningsDont()
    {
        Assert.IsType<EditionReadiness.Ready>(Ready("---\ntitle: BUY A BOAT TODAY\n---\nDear [NAME]\n"));
        Assert.Contains("Line 5, column 6: ", Assert.Single(Assert.IsType<EditionReadiness.NotReady>(Ready(Head + "Dear *|FNAME|*\n")).Problems), StringComparison.Ordinal);
        Assert.Contains("102 KB", Assert.Single(Assert.IsType<EditionReadiness.NotReady>(Ready(Head + Long(110))).Problems), StringComparison.Ordinal);
        Assert.IsType<EditionReadiness.Ready>(Ready(Head + Long(110), forced: true));
    }

    [Fact]
    public void ALayoutWithoutThePostalAddressIsToldAsThat() => Assert.Contains(
        Check(Head + "Text.\n", s_tea with { Layout = "<html><body>{{ content }}<a href=\"{{ unsubscribe_url }}\">x</a></body></html>" }).Findings, found => found.Code == "postal-address-missing");

    [Fact]
    public void HowManyReadersLackANameIsCounted() =>
        Assert.StartsWith("412 of 40,000 have no first name", s_trips["personalisation-default"]().Findings[0].Message, StringComparison.Ordinal);

    private static EditionReadiness Ready(string source, bool forced = false) =>
        EditionReadiness.Check(source, s_tea, new Uri("https://news.example.com/"), s_now, [], 1, [], sizeForced: forced);

    private static PreflightReport Check(string source, NewsletterProfile? newsletter = null) => EditionPreflight.Check(Request(source) with { Newsletter = newsletter ?? s_tea });

    private static PreflightReport Asked(string body, AddressState state) =>
        Check(Head + body).With(new Dictionary<string, AddressState>(StringComparer.Ordinal) { ["https://log.example.org/a"] = state });

    private static PreflightReport Known(string body, AudienceFacts audience) => EditionPreflight.Check(Request(Head + body) with { Audience = audience });

    private static Dictionary<string, long> Without(long count) => new(StringComparer.Ordinal) { ["subscriber.first_name"] = count };

    private static PreflightRequest Request(string source) => new() { Source = source, Now = s_now, Newsletter = s_tea, Segments = [], KnownAttributes = [], Number = 5 };

    private static string Long(int kilobytes) => string.Join("\n\n", Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("The tide comes in.", 50)), kilobytes * 1024 / 1030));

    private static string Layout(string more) => $"<html><body>{more}{{{{ content }}}}<a href=\"{{{{ unsubscribe_url }}}}\">{{{{ unsubscribe }}}}</a> {{{{ postal_address }}}}</body></html>";
}
