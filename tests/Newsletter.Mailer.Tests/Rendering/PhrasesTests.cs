using System.Text.RegularExpressions;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>The resource files of readers' pages and mails: one a language, the same keys in each.</summary>
public sealed class PhrasesTests
{
    public static TheoryData<string> Languages => [.. Phrases.All.Select(words => words.Language)];

    [Fact]
    public void SixLanguagesAreSpoken() =>
        Assert.Equal(["en", "de", "es", "fr", "ja", "ar"], Phrases.All.Select(words => words.Language));

    [Theory]
    [MemberData(nameof(Languages))]
    public void NoKeyIsMissingOrLeftOver(string language) =>
        Assert.Equal(Phrases.Find("en")!.Texts.Keys.Order(StringComparer.Ordinal), Phrases.Find(language)!.Texts.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Languages))]
    public void EveryPhraseSaysSomethingAndAsksForTheSameValues(string language)
    {
        foreach (var (key, text) in Phrases.Find(language)!.Texts)
        {
            Assert.False(string.IsNullOrWhiteSpace(text), key);
            Assert.True(Names(Phrases.Find("en")!.Texts[key]).SetEquals(Names(text)), $"{key} in {language}: {text}");
        }
    }

    [Fact]
    public void WhatIsSaidIsThereAndWhatIsThereIsSaid()
    {
        var sources = Directory.GetFiles(Path.Combine(SharedFolder.Repository, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText);
        var keys = Phrases.Find("en")!.Texts.Keys.ToHashSet(StringComparer.Ordinal);
        var quoted = sources.SelectMany(text => Regex.Matches(text, "\"([a-z_]+(?:\\.[a-z_]+)+)\"").Select(match => match.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);

        var said = sources.SelectMany(text => Regex.Matches(text, "words\\.(?:Text|Say)\\(\\s*\"([^\"]+)\"").Select(match => match.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(said.Except(keys));
        Assert.Empty(keys.Except(quoted));
    }

    [Theory]
    [InlineData("de-AT", "de")]
    [InlineData("AR", "ar")]
    [InlineData("pt-BR", "en")]
    [InlineData("", "en")]
    [InlineData(null, "en")]
    public void ATagFindsItsLanguageElseEnglish(string? tag, string language) => Assert.Equal(language, Phrases.For(tag).Language);

    [Fact]
    public void TheFirstLanguageThatIsSpokenIsTaken() => Assert.Equal("fr", Phrases.For(null, "pt", "fr-CA", "de").Language);

    [Fact]
    public void ValuesAreMadeSafeApartFromThePhrase() => Assert.Equal(
        "(Subscribe to )[<b>]", Phrases.For("en").Fill("subscribe.title", text => $"({text})", [("newsletter", "<b>")], value => $"[{value}]"));

    [Fact]
    public void DaysAreWrittenAsTheLanguageDoes()
    {
        var day = new DateOnly(2026, 3, 6);

        Assert.Equal("March 6, 2026", Phrases.For("en").Day(day));
        Assert.Equal("6. März 2026", Phrases.For("de").Day(day));
        Assert.Equal("2026年3月6日", Phrases.For("ja").Day(day));
        Assert.Contains("2026", Phrases.For("ar").Day(day).Replace('٢', '2').Replace('٠', '0').Replace('٦', '6'), StringComparison.Ordinal);
    }

    private static HashSet<string> Names(string text) => [.. Regex.Matches(text, "\\{([a-z_]+)\\}").Select(match => match.Value)];
}
