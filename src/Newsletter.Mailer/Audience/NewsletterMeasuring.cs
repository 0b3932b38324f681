namespace Newsletter.Mailer.Audience;

/// <summary>What a newsletter wants to know of its readers' reading. Where it says nothing, nothing is measured.</summary>
public sealed record NewsletterMeasuring
{
    /// <summary>Clicks are not counted, and links lead straight to where they lead.</summary>
    public const string Off = "off";

    /// <summary>Clicks are counted, and not whose they are: everybody gets the same links.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>Clicks are counted reader by reader.</summary>
    public const string Individual = "individual";

    /// <summary><c>off</c>, <c>anonymous</c> or <c>individual</c>.</summary>
    public string? Clicks { get; init; }

    /// <summary>Whether opened mails are counted too, in the same way as clicks: a picture that can't be seen is loaded from here. Off where absent.</summary>
    public bool? Opens { get; init; }

    /// <summary>What is added to the links of editions, so that the sites they lead to know whence their visitors come; null: nothing.</summary>
    public UtmRule? Utm { get; init; }

    /// <summary>Clicks are counted.</summary>
    internal bool CountsClicks => Clicks is Anonymous or Individual;
}

/// <summary>
/// The parameters <c>utm_…</c> of links, each a text in which <c>{{ newsletter.slug }}</c> and other names that are the same for every reader may stand.
/// A link that has any such parameter of its own stays as its author wrote it.
/// </summary>
public sealed record UtmRule
{
    /// <summary>utm_source.</summary>
    public string? Source { get; init; }

    /// <summary>utm_medium.</summary>
    public string? Medium { get; init; }

    /// <summary>utm_campaign.</summary>
    public string? Campaign { get; init; }

    /// <summary>utm_term.</summary>
    public string? Term { get; init; }

    /// <summary>utm_content.</summary>
    public string? Content { get; init; }

    /// <summary>Only links to these hosts, and those below them, get any; null: all.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>The parameters that have a text, by their names in a link.</summary>
    internal IEnumerable<(string Name, string Text)> Parameters =>
        from parameter in ((string Name, string? Text)[])[("utm_source", Source), ("utm_medium", Medium), ("utm_campaign", Campaign), ("utm_term", Term), ("utm_content", Content)]
        where parameter.Text is not null
        select (parameter.Name, parameter.Text);
}
