namespace Newsletter.Mailer.Audience;

/// <summary>Whose export a file is. In the database and in JSON these are the lower-case words.</summary>
public enum ImportSource
{
    /// <summary>To be seen from its columns.</summary>
    Auto,

    /// <summary>Columns email, name and first_name; the rest are attributes, whatever they are called.</summary>
    Plain,

    /// <summary>An export of this program.</summary>
    Newsletter,
    Listmonk,
    Mailchimp,
    Substack,
    Beehiiv,
    Ghost,
    Buttondown,
    Kit,

    /// <summary>Of a program we don't know, with a column that says who left.</summary>
    Other,
}

/// <summary>What a column of a file becomes.</summary>
/// <param name="Column">As the header names it.</param>
/// <param name="Becomes"><c>email</c>, <c>name</c>, <c>tags</c>, <c>status</c>, <c>tier</c>, <c>language</c>, <c>time_zone</c>, <c>subscribed_at</c>, <c>unsubscribed_at</c>, <c>issue_frequency</c>, <c>attributes.KEY</c>, <c>attributes</c> (a JSON object), or <c>nothing</c>.</param>
public sealed record ImportColumn(string Column, string Becomes);

/// <summary>What became of a file's header.</summary>
/// <param name="Source">Whose export it was taken for.</param>
/// <param name="Columns">In the order of the file.</param>
public sealed record ImportMapping(ImportSource Source, IReadOnlyList<ImportColumn> Columns);

/// <summary>What a row says of its reader; null in a row: active.</summary>
internal enum WantedStatus
{
    Active,
    Pending,
    Unsubscribed,

    /// <summary>Becomes a suppression (<c>hard_bounce</c>).</summary>
    Bounced,

    /// <summary>Becomes a suppression (<c>complaint</c>).</summary>
    Complained,

    /// <summary>Becomes a suppression (<c>imported</c>).</summary>
    Blocked,

    /// <summary>Its hash is suppressed, so that it is left out.</summary>
    Hashed,
}

/// <summary>What a column is for.</summary>
internal enum ColumnRole
{
    Attribute,
    Email,
    Name,
    Tags,
    Status,

    /// <summary>An attribute. Where its word is one of the statuses, that too: a state may be a country's.</summary>
    StatusToo,
    Tier,

    /// <summary>True: not subscribed any more.</summary>
    Left,

    /// <summary>False: not subscribed any more.</summary>
    Stays,

    /// <summary>Something in it: not subscribed any more.</summary>
    LeftAt,

    /// <summary>When they left, where another column says that they did.</summary>
    LeftTime,

    /// <summary>Something in it: its address bounced.</summary>
    BouncedAt,

    /// <summary>True, or the name of a tier that isn't free: premium.</summary>
    Paid,
    SubscribedAt,
    Language,
    TimeZone,

    /// <summary><c>digest</c>: the digest in the place of every issue.</summary>
    Frequency,

    /// <summary>A JSON object of attributes.</summary>
    Json,
    Nothing,
}
