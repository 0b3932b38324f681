namespace Newsletter.Mailer.Audience.Segments;

/// <summary>The closed table of names a filter may use.</summary>
internal static class FilterWords
{
    public const string AttributePrefix = "attributes.";

    /// <summary>Fields that hold a text.</summary>
    public static readonly IReadOnlyDictionary<string, FilterField> Fields = new Dictionary<string, FilterField>(StringComparer.OrdinalIgnoreCase)
    {
        ["tier"] = FilterField.Tier,
        ["frequency"] = FilterField.Frequency,
        ["email"] = FilterField.Email,
        ["domain"] = FilterField.Domain,
        ["name"] = FilterField.Name,
        ["first_name"] = FilterField.FirstName,
        ["language"] = FilterField.Language,
        ["time_zone"] = FilterField.TimeZone,
    };

    public static readonly IReadOnlyDictionary<string, (FilterMoment Moment, MomentWord Word)> Moments =
        new Dictionary<string, (FilterMoment, MomentWord)>(StringComparer.OrdinalIgnoreCase)
        {
            ["subscribed_before"] = (FilterMoment.Subscribed, MomentWord.Before),
            ["subscribed_after"] = (FilterMoment.Subscribed, MomentWord.After),
            ["subscribed_within"] = (FilterMoment.Subscribed, MomentWord.Within),
            ["confirmed_before"] = (FilterMoment.Confirmed, MomentWord.Before),
            ["confirmed_after"] = (FilterMoment.Confirmed, MomentWord.After),
            ["confirmed_within"] = (FilterMoment.Confirmed, MomentWord.Within),
        };

    public static readonly IReadOnlyDictionary<string, Engagement> Engagements = new Dictionary<string, Engagement>(StringComparer.OrdinalIgnoreCase)
    {
        ["received"] = Engagement.Received,
        ["clicked"] = Engagement.Clicked,
        ["voted"] = Engagement.Voted,
    };

    public static readonly IReadOnlyDictionary<string, Comparison> Comparisons = new Dictionary<string, Comparison>(StringComparer.Ordinal)
    {
        ["="] = Comparison.Equal,
        ["!="] = Comparison.Equal,
        ["<"] = Comparison.Less,
        ["<="] = Comparison.LessOrEqual,
        [">"] = Comparison.Greater,
        [">="] = Comparison.GreaterOrEqual,
    };

    /// <summary>Every name a condition can begin with.</summary>
    public static readonly IReadOnlyList<string> Beginnings =
        [.. Fields.Keys, "tags", "attributes.KEY", .. Moments.Keys, .. Engagements.Keys.Select(word => word + "(…)")];

    /// <summary>What is wrong with a word that begins no condition.</summary>
    public static string Unknown(string word)
    {
        var nearest = NearestName.To(word, [.. Fields.Keys, "tags", .. Moments.Keys, .. Engagements.Keys, "not"]);
        var advice = nearest is null ? $"A condition begins with {string.Join(", ", Beginnings)}." : $"Did you mean {nearest}?";
        return $"\"{(word.Length <= 40 ? word : word[..40] + "…")}\" is no field. {advice} An attribute is written attributes.city.";
    }
}

/// <summary>How a moment is compared.</summary>
internal enum MomentWord
{
    Before,
    After,
    Within,
}
