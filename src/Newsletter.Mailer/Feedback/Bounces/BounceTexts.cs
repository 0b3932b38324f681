using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>What servers write and what it means, from the resource <c>bounce-texts.txt</c>, which says how it is written.</summary>
internal static class BounceTexts
{
    /// <summary>A reply longer than this says what matters at its beginning.</summary>
    private const int MostText = 2_000;

    /// <summary>A pattern, what it means, and a reply that needs it.</summary>
    internal sealed record Rule(string Reason, RuleWeight Weight, string Pattern, string Example, int Line)
    {
        private readonly Regex _regex = new(Pattern, ReportPattern.AsWritten);

        public bool Says(string text) => _regex.IsMatch(text);
    }

    public static IReadOnlyList<Rule> All { get; } = [.. PatternFile.Read("bounce-texts.txt").Select(Load)];

    private static readonly Rule[] s_firm = [.. All.Where(rule => rule.Weight == RuleWeight.Firm)];
    private static readonly Rule[] s_plain = [.. All.Where(rule => rule.Weight == RuleWeight.Plain)];
    private static readonly Rule[] s_vague = [.. All.Where(rule => rule.Weight == RuleWeight.Vague)];

    /// <summary>The rule for what is said of one recipient, the plainest text first: a firm one wherever it is said, else the first text that any fits. Null where no server is known to say so.</summary>
    public static Rule? Find(IReadOnlyList<string> texts, Rule? without = null) => FindFirm(texts, without) ?? Find(texts, s_plain, without);

    /// <summary>A firm rule alone.</summary>
    public static Rule? FindFirm(IReadOnlyList<string> texts, Rule? without = null) => Find(texts, s_firm, without);

    /// <summary>A rule for words that fit nearly anything, to be asked once nothing else tells.</summary>
    public static Rule? FindVague(IReadOnlyList<string> texts, Rule? without = null) => Find(texts, s_vague, without);

    private static Rule? Find(IReadOnlyList<string> texts, Rule[] rules, Rule? without)
    {
        foreach (var text in texts)
        {
            var start = text[..Math.Min(text.Length, MostText)].ToLowerInvariant();
            if (Array.Find(rules, rule => rule != without && rule.Says(start)) is { } found)
                return found;
        }

        return null;
    }

    private static Rule Load(PatternLine line)
    {
        var (reason, weight) = line.Section.Split(' ') is [var name, var said] ? (name, Enum.Parse<RuleWeight>(said, ignoreCase: true)) : (line.Section, RuleWeight.Plain);
        return new Rule(reason, weight, line.Pattern, line.Example, line.Line);
    }
}

/// <summary>How much a rule's words count.</summary>
internal enum RuleWeight
{
    /// <summary>As much as the status beside them: the two are weighed.</summary>
    Plain,

    /// <summary>Whatever else is said.</summary>
    Firm,

    /// <summary>Only where nothing else tells.</summary>
    Vague,
}
