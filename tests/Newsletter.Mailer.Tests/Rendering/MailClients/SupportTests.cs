using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering.MailClients;

/// <summary>Every feature of a finished mail is there in every client that matters, or its absence was thought of: caniemail.com's data, each theme × sample × variant.</summary>
[Trait("Category", "Shared")]
public sealed class SupportTests
{
    [SharedFact]
    public void WhatIsUsedIsSupportedOrDegradesByDesign()
    {
        var clients = CanIEmail.Read();
        var used = AllUsed();

        Assert.NotEmpty(used);
        Assert.Empty(used.Where(feature => !clients.Knows(feature.Key) && !Degradations.Unlisted.Contains(feature.Key)).Select(feature => $"{feature.Key} is in no list: {feature.Value}"));
        Assert.Empty(used.Where(feature => clients.Knows(feature.Key))
            .Select(feature => (feature, without: Degradations.Unreasoned(feature.Key, clients).ToList()))
            .Where(pair => pair.without.Count > 0)
            .Select(pair => $"{pair.feature.Key} is missing in {string.Join(", ", pair.without)}: {pair.feature.Value}"));
    }

    [SharedFact]
    public void NoExceptionIsThereThatNothingNeeds()
    {
        var clients = CanIEmail.Read();
        var used = AllUsed();

        var idle = Degradations.Reasons.Keys.Where(feature => !used.ContainsKey(feature) || clients.Knows(feature) && !clients.Without(feature).Any());
        Assert.True(!idle.Any(), string.Join(", ", idle));
    }

    // A reason for one client says nothing of another.
    [SharedFact]
    public void EveryReasonNamesTheClientsThatItHoldsForAndNoOthers()
    {
        var clients = CanIEmail.Read();
        var idle = Degradations.Reasons.SelectMany(reason => reason.Value.Names
            .Where(name => !CanIEmail.Clients.Any(client => client == name || client.Split('/')[0] == name)
                || CanIEmail.Clients.Where(client => client == name || client.Split('/')[0] == name).Except(clients.Without(reason.Key)).Any())
            .Select(name => $"{reason.Key}: {name} has it, or is no client of ours"));

        Assert.Empty(idle);
        Assert.All(Degradations.Reasons.Values, reason => Assert.True(reason.Why.Length > 10, reason.Why));
    }

    [SharedFact]
    public void AClientForWhichNoReasonWasGivenIsFound()
    {
        var clients = CanIEmail.Read();

        // Every reason given is one for Outlook on Windows; Gmail's apps drop positions as well, and nobody thought of that.
        Assert.False(new Degradation("outlook/windows", "It stands where it would without.").Covers("gmail/ios"));
        Assert.True(new Degradation("gmail outlook/windows", "It stands where it would without.").Covers("gmail/ios"));
        Assert.Contains("gmail/ios", Degradations.Unreasoned("css-position", clients));
        Assert.Empty(Degradations.Unreasoned("css-max-width", clients));
    }

    [SharedFact]
    public void AFeatureThatNobodyThoughtOfIsFound()
    {
        var clients = CanIEmail.Read();
        var used = UsedFeatures.Of("<!DOCTYPE html><p style=\"display: flex; position: fixed\">x</p><svg></svg><style>a:hover { width: calc(1px + 1vw) }</style>");

        Assert.All(["css-position", "html-svg", "css-pseudo-class-hover", "css-unit-vw"], feature => Assert.True(used.ContainsKey(feature), feature));
        Assert.Contains("outlook/windows", clients.Without("css-position"));
    }

    private static Dictionary<string, string> AllUsed()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var theme in ThemeCatalog.Names)
            foreach (var (name, edition) in Editions())
                foreach (var language in new[] { "en", "ar" })
                    foreach (var variant in Rendered.Of(edition with { Theme = theme, Language = language }).Edition.Variants)
                        foreach (var (feature, where) in UsedFeatures.Of(variant.FillHtml(Rendered.Ana)))
                            all.TryAdd(feature, $"{theme}, {name}, {variant.Name}: {where}");
        return all;
    }

    private static IEnumerable<(string Name, EditionDocument Edition)> Editions()
    {
        yield return ("sample", Parse(SampleEdition.Source, FrontMatterRules.Edition));
        yield return ("edition-035", Parse(File.ReadAllText(SharedFolder.Of("samples", "edition-035.md")), FrontMatterRules.Edition));
        foreach (var file in Directory.GetFiles(SharedFolder.Of("data", "newsletters"), "*.md"))
            yield return (Path.GetFileName(file), Parse(File.ReadAllText(file), FrontMatterRules.ForeignBody));
    }

    private static EditionDocument Parse(string source, FrontMatterRules rules) =>
        Assert.IsType<EditionParseOutcome.Read>(EditionDocument.Parse(source, rules)).Edition;
}
