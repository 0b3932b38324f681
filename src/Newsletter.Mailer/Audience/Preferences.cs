namespace Newsletter.Mailer.Audience;

/// <summary>A reader's own settings.</summary>
public sealed record ReaderPreferences
{
    public long Id { get; init; }

    public string Address { get; init; } = "";

    public string? Name { get; init; }

    /// <summary>IANA zone; null where unknown.</summary>
    public string? TimeZone { get; init; }

    /// <summary>IETF tag; null where unknown.</summary>
    public string? Language { get; init; }

    /// <summary>Issues come without HTML.</summary>
    public bool PlainText { get; init; }

    /// <summary>Every newsletter there is, the reader's first.</summary>
    public IReadOnlyList<NewsletterChoice> Newsletters { get; init; } = [];
}

/// <summary>A newsletter as a reader has chosen it.</summary>
public sealed record NewsletterChoice
{
    public long Id { get; init; }

    public string Name { get; init; } = "";

    public string Language { get; init; } = "en";

    /// <summary><c>active</c>, <c>pending</c>, <c>unsubscribed</c>, or <c>none</c>.</summary>
    public string Status { get; init; } = "none";

    /// <summary><c>every</c> issue, or a <c>digest</c> a month.</summary>
    public string Frequency { get; init; } = "every";

    /// <summary>Whether the newsletter has a digest.</summary>
    public bool Digests { get; init; }

    /// <summary>Null where nothing is paused.</summary>
    public DateTimeOffset? PausedUntil { get; init; }

    /// <summary>As it stands, in the form's words: <c>every</c>, <c>digest</c> or <c>nothing</c>.</summary>
    public string Choice => Status == "active" ? Frequency : "nothing";
}

/// <summary>The form of the preferences, as it was sent.</summary>
public sealed record PreferencesChange
{
    public string? Name { get; init; }

    public string? TimeZone { get; init; }

    public string? Language { get; init; }

    public bool PlainText { get; init; }

    /// <summary><c>every</c>, <c>digest</c> or <c>nothing</c> by the newsletter's id; one that is missing stays.</summary>
    public IReadOnlyDictionary<long, string> Choices { get; init; } = new Dictionary<long, string>();

    /// <summary>What the form said that the reader agrees to.</summary>
    public required string Wording { get; init; }

    /// <summary>The same of who chooses a digest.</summary>
    public required string DigestWording { get; init; }

    public required string WordingLanguage { get; init; }

    public string? Ip { get; init; }
}
