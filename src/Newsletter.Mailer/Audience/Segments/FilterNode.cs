namespace Newsletter.Mailer.Audience.Segments;

/// <summary>A filter as a tree. Every condition is true or false of a reader, never unknown: what a reader hasn't got is not equal to anything.</summary>
public abstract record FilterNode
{
    private FilterNode()
    {
    }

    /// <summary>All of them hold.</summary>
    public sealed record And(IReadOnlyList<FilterNode> Parts) : FilterNode;

    /// <summary>At least one of them holds.</summary>
    public sealed record Or(IReadOnlyList<FilterNode> Parts) : FilterNode;

    /// <summary>It doesn't hold.</summary>
    public sealed record Not(FilterNode Part) : FilterNode;

    /// <summary>A field or attribute compared with texts, whatever their case.</summary>
    /// <param name="Subject">What is compared.</param>
    /// <param name="Match">How.</param>
    /// <param name="Values">One, or several for <see cref="TextMatch.Is"/>: one of them.</param>
    public sealed record TextTest(FilterSubject Subject, TextMatch Match, IReadOnlyList<string> Values) : FilterNode;

    /// <summary>There is nothing in it.</summary>
    public sealed record EmptyTest(FilterSubject Subject) : FilterNode;

    /// <summary>An attribute that is a number, or a text that reads as one, compared with a number.</summary>
    public sealed record NumberTest(string Key, Comparison Comparison, decimal Value) : FilterNode;

    /// <summary>An attribute that begins like 2026-01-31, compared with a day.</summary>
    public sealed record AttributeDayTest(string Key, Comparison Comparison, DateOnly Day) : FilterNode;

    /// <summary>An attribute that is a list and holds the text, or is the text.</summary>
    public sealed record ListTest(string Key, string Value) : FilterNode;

    /// <summary>Tags, in lower case; none at all where there are no values.</summary>
    /// <param name="Match">Any or all of them; <see cref="TagMatch.None"/>: the reader has no tag.</param>
    /// <param name="Values">Tags.</param>
    public sealed record TagTest(TagMatch Match, IReadOnlyList<string> Values) : FilterNode;

    /// <summary>When the reader subscribed or confirmed, against a day in the newsletter's zone.</summary>
    public sealed record DayTest(FilterMoment Moment, bool Before, DateOnly Day) : FilterNode;

    /// <summary>When the reader subscribed or confirmed: within so many days of 24 hours until now.</summary>
    public sealed record WithinTest(FilterMoment Moment, int Days) : FilterNode;

    /// <summary>What the reader did with issues.</summary>
    public sealed record EngagementTest(Engagement Engagement, EngagementWindow Window) : FilterNode;
}

/// <summary>What a condition looks at.</summary>
/// <param name="Field">A field of the closed table.</param>
/// <param name="Key">An attribute's key; only with <see cref="FilterField.Attribute"/>.</param>
public sealed record FilterSubject(FilterField Field, string? Key = null);

/// <summary>Fields that hold a text.</summary>
public enum FilterField
{
    Tier,
    Frequency,
    Email,
    Domain,
    Name,
    FirstName,
    Language,
    TimeZone,
    Attribute,
}

/// <summary>How texts are compared.</summary>
public enum TextMatch
{
    Is,
    Contains,
    StartsWith,
    EndsWith,
}

/// <summary>How numbers and days are compared.</summary>
public enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>How tags are compared.</summary>
public enum TagMatch
{
    Any,
    All,
    None,
}

/// <summary>A moment of a subscription.</summary>
public enum FilterMoment
{
    Subscribed,
    Confirmed,
}

/// <summary>What a reader can do with an issue.</summary>
public enum Engagement
{
    /// <summary>A relay accepted it. Known once the issue is finished or cancelled.</summary>
    Received,
    Clicked,
    Voted,
}

/// <summary>Which issues count; all windows end now, so that the latest issue answers for all of them.</summary>
public abstract record EngagementWindow
{
    private EngagementWindow()
    {
    }

    /// <summary>Any issue.</summary>
    public sealed record Ever : EngagementWindow;

    /// <summary>The newsletter's latest so many issues.</summary>
    public sealed record LastIssues(int Count) : EngagementWindow;

    /// <summary>Those sent in so many days of 24 hours until now.</summary>
    public sealed record LastDays(int Days) : EngagementWindow;

    /// <summary>Those sent on the day, in the newsletter's zone, or later.</summary>
    public sealed record Since(DateOnly Day) : EngagementWindow;
}
