using System.Globalization;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Reads one condition.</summary>
internal sealed class ConditionParser(FilterCursor tokens)
{
    private const int MaxValues = 1_000;
    private const int MaxIssues = 1_000;
    private const int MaxDays = 36_500;

    public FilterNode Read()
    {
        var token = tokens.Take();
        if (token.Kind != FilterTokenKind.Word)
            throw token.Error($"Here a condition should begin, such as tier = \"premium\"; there is {token.Shown}.");
        if (FilterWords.Fields.TryGetValue(token.Text, out var field)) return ReadText(new FilterSubject(field));
        if (token.IsWord("tags")) return ReadTags();
        if (token.Text.StartsWith(FilterWords.AttributePrefix, StringComparison.OrdinalIgnoreCase)) return ReadAttribute(token);
        if (FilterWords.Moments.TryGetValue(token.Text, out var moment)) return ReadMoment(moment.Moment, moment.Word);
        if (FilterWords.Engagements.TryGetValue(token.Text, out var engagement)) return ReadEngagement(token, engagement);
        throw token.Error(FilterWords.Unknown(token.Text));
    }

    private FilterNode ReadText(FilterSubject subject)
    {
        if (TryReadShared(subject) is { } shared) return shared;
        var sign = tokens.Take();
        if (sign.IsSign("=")) return new FilterNode.TextTest(subject, TextMatch.Is, [ReadTextOf(subject)]);
        if (sign.IsSign("!=")) return new FilterNode.Not(new FilterNode.TextTest(subject, TextMatch.Is, [ReadTextOf(subject)]));
        throw sign.Error($"Here should stand =, !=, in (…), contains, starts_with, ends_with or is empty; there is {sign.Shown}.");
    }

    private FilterNode ReadAttribute(FilterToken token)
    {
        var key = token.Text[FilterWords.AttributePrefix.Length..];
        if (!AttributeRules.IsKey(key))
            throw token.Error("This is no attribute: its key has 1 to 63 lower-case letters a-z, digits and underscores, as in attributes.city.");
        var subject = new FilterSubject(FilterField.Attribute, key);
        if (TryReadShared(subject) is { } shared) return shared;
        if (tokens.TakeWord("has")) return new FilterNode.ListTest(key, TextOf(tokens.Take()));
        var sign = tokens.Take();
        if (sign.Kind != FilterTokenKind.Sign || !FilterWords.Comparisons.TryGetValue(sign.Text, out var comparison))
            throw sign.Error($"Here should stand =, !=, <, <=, >, >=, in (…), has, contains, starts_with, ends_with or is empty; there is {sign.Shown}.");
        var test = ReadComparison(subject, comparison, sign);
        return sign.Text == "!=" ? new FilterNode.Not(test) : test;
    }

    private FilterNode ReadComparison(FilterSubject subject, Comparison comparison, FilterToken sign)
    {
        var value = tokens.Take();
        switch (value.Kind)
        {
            case FilterTokenKind.Number:
                return new FilterNode.NumberTest(subject.Key!, comparison, decimal.Parse(value.Text, CultureInfo.InvariantCulture));
            case FilterTokenKind.Date:
                return new FilterNode.AttributeDayTest(subject.Key!, comparison, DayOf(value));
            case FilterTokenKind.Text when comparison != Comparison.Equal:
                throw sign.Error("Texts are compared with = and !=; more and less are for numbers and days, which stand without quotation marks.");
            case FilterTokenKind.Text:
                return new FilterNode.TextTest(subject, TextMatch.Is, [value.Text]);
            default:
                // What JSON's true and false read as.
                return comparison == Comparison.Equal && (value.IsWord("true") || value.IsWord("false"))
                    ? new FilterNode.TextTest(subject, TextMatch.Is, [value.Text])
                    : throw value.Error($"Here should stand a text in quotation marks, a number, a day, true or false; there is {value.Shown}.");
        }
    }

    // What fields and attributes have in common.
    private FilterNode? TryReadShared(FilterSubject subject)
    {
        if (tokens.TakeWord("is"))
        {
            var not = tokens.TakeWord("not");
            if (!tokens.TakeWord("empty")) throw tokens.Peek.Error($"After is stands empty or not empty; there is {tokens.Peek.Shown}. To compare, write = and a text.");
            var empty = new FilterNode.EmptyTest(subject);
            return not ? new FilterNode.Not(empty) : empty;
        }

        var negated = tokens.TakeWord("not");
        if (tokens.TakeWord("in"))
        {
            var test = new FilterNode.TextTest(subject, TextMatch.Is, ReadList(() => ReadTextOf(subject)));
            return negated ? new FilterNode.Not(test) : test;
        }

        if (ReadMatch() is { } match)
        {
            var test = new FilterNode.TextTest(subject, match, [NotEmpty()]);
            return negated ? new FilterNode.Not(test) : test;
        }

        return negated ? throw tokens.Peek.Error($"After not stands in, contains, starts_with or ends_with; there is {tokens.Peek.Shown}.") : null;
    }

    private TextMatch? ReadMatch() =>
        tokens.TakeWord("contains") ? TextMatch.Contains
        : tokens.TakeWord("starts_with") ? TextMatch.StartsWith
        : tokens.TakeWord("ends_with") ? TextMatch.EndsWith
        : null;

    private string NotEmpty()
    {
        var value = tokens.Take();
        return TextOf(value) is { Length: > 0 } text ? text : throw value.Error("Every text contains an empty one: write what it should contain.");
    }

    private string ReadTextOf(FilterSubject subject)
    {
        var value = tokens.Take();
        var text = TextOf(value);
        if (subject.Field == FilterField.Tier && text.ToLowerInvariant() is not ("free" or "premium"))
            throw value.Error("The tiers are \"free\" and \"premium\".");
        if (subject.Field == FilterField.Frequency && text.ToLowerInvariant() is not ("every" or "digest"))
            throw value.Error("A reader gets \"every\" issue, or a monthly \"digest\".");
        return text;
    }

    private static string TextOf(FilterToken value) => value.Kind == FilterTokenKind.Text
        ? value.Text
        : throw value.Error(value.Kind == FilterTokenKind.End
            ? "The filter ends where a text should stand: write one in quotation marks."
            : $"Here should stand a text in quotation marks; there is {value.Shown}.");

    private FilterNode ReadTags()
    {
        if (tokens.TakeWord("is"))
        {
            var not = tokens.TakeWord("not");
            if (!tokens.TakeWord("empty")) throw tokens.Peek.Error($"After is stands empty or not empty; there is {tokens.Peek.Shown}.");
            var none = new FilterNode.TagTest(TagMatch.None, []);
            return not ? new FilterNode.Not(none) : none;
        }

        var sign = tokens.Take();
        if (!sign.IsWord("has")) throw sign.Error($"Tags are asked for with has, as in tags has \"beta\", tags has any (\"beta\", \"vip\") or tags is empty; there is {sign.Shown}.");
        if (tokens.TakeWord("any")) return new FilterNode.TagTest(TagMatch.Any, ReadList(ReadTag));
        if (tokens.TakeWord("all")) return new FilterNode.TagTest(TagMatch.All, ReadList(ReadTag));
        return new FilterNode.TagTest(TagMatch.All, [ReadTag()]);
    }

    private string ReadTag()
    {
        var value = tokens.Take();
        return TagRules.TryClean(TextOf(value), out var tag, out var problem) ? tag : throw value.Error($"This is no tag. {problem}");
    }

    private List<T> ReadList<T>(Func<T> read)
    {
        if (!tokens.TakeSign("(")) throw tokens.Peek.Error($"Here should stand ( and a list of texts, as in (\"a\", \"b\"); there is {tokens.Peek.Shown}.");
        var values = new List<T>();
        do
        {
            if (values.Count >= MaxValues) throw tokens.Peek.Error($"The list has more than {MaxValues} values: give such readers a tag and ask for that.");
            values.Add(read());
        }
        while (tokens.TakeSign(","));

        return tokens.TakeSign(")") ? values : throw tokens.Peek.Error($"Here the list should go on with a comma or end with ); there is {tokens.Peek.Shown}.");
    }

    private FilterNode ReadMoment(FilterMoment moment, MomentWord word)
    {
        if (word == MomentWord.Within) return new FilterNode.WithinTest(moment, ReadDays());
        var value = tokens.Take();
        return value.Kind == FilterTokenKind.Date
            ? new FilterNode.DayTest(moment, word == MomentWord.Before, DayOf(value))
            : throw value.Error($"Here should stand a day, like 2026-01-31 (without quotation marks); there is {value.Shown}.");
    }

    private int ReadDays()
    {
        var days = ReadCount(MaxDays, "as in 30 days");
        if (!tokens.TakeWord("days") && !tokens.TakeWord("day")) throw tokens.Peek.Error($"Here should stand days; there is {tokens.Peek.Shown}.");
        return days;
    }

    private int ReadCount(int most, string example)
    {
        var value = tokens.Take();
        return value.Kind == FilterTokenKind.Number && int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= most
            ? count
            : throw value.Error(FormattableString.Invariant($"Here should stand a whole number from 1 to {most}, {example}; there is {value.Shown}."));
    }

    private FilterNode ReadEngagement(FilterToken word, Engagement engagement)
    {
        if (!tokens.TakeSign("("))
            throw tokens.Peek.Error($"After {word.Text.ToLowerInvariant()} stands what counts: (last 5 issues), (last 90 days), (since 2026-01-31) or (ever).");
        var window = ReadWindow();
        return tokens.TakeSign(")") ? new FilterNode.EngagementTest(engagement, window) : throw tokens.Peek.Error($"Here should stand ); there is {tokens.Peek.Shown}.");
    }

    private EngagementWindow ReadWindow()
    {
        if (tokens.TakeWord("ever")) return new EngagementWindow.Ever();
        if (tokens.TakeWord("since"))
        {
            var day = tokens.Take();
            return day.Kind == FilterTokenKind.Date ? new EngagementWindow.Since(DayOf(day)) : throw day.Error($"After since stands a day, like 2026-01-31; there is {day.Shown}.");
        }

        if (!tokens.TakeWord("last"))
            throw tokens.Peek.Error($"Here should stand last 5 issues, last 90 days, since 2026-01-31 or ever; there is {tokens.Peek.Shown}.");
        if (tokens.TakeWord("issue")) return new EngagementWindow.LastIssues(1);
        var start = tokens.Peek;
        var count = ReadCount(MaxDays, "as in last 5 issues");
        if (tokens.TakeWord("days") || tokens.TakeWord("day")) return new EngagementWindow.LastDays(count);
        if (!tokens.TakeWord("issues") && !tokens.TakeWord("issue")) throw tokens.Peek.Error($"Here should stand issues or days; there is {tokens.Peek.Shown}.");
        return count <= MaxIssues ? new EngagementWindow.LastIssues(count) : throw start.Error($"At most the last {MaxIssues} issues can be asked for; write ever for all of them.");
    }

    private static DateOnly DayOf(FilterToken token) => DateOnly.ParseExact(token.Text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
