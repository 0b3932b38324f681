namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>The names an author may write between <c>{{</c> and <c>}}</c>, and their values.</summary>
internal static class SlotName
{
    public const string Address = "subscriber.address";
    public const string FirstName = "subscriber.first_name";
    public const string FullName = "subscriber.name";
    public const string Language = "subscriber.language";
    public const string Tier = "subscriber.tier";
    public const string Unsubscribe = "links.unsubscribe";

    /// <summary>Not for authors: the header's own.</summary>
    public const string MessageId = "message.id";

    /// <summary>Not for authors: the header's own.</summary>
    public const string LeaveToken = "message.leave";

    /// <summary>Not for authors: what measured links lead by.</summary>
    public const string ClickToken = "message.click";

    /// <summary>Not for authors: what the choices of polls lead by.</summary>
    public const string VoteToken = "message.vote";

    /// <summary>Not for authors: what the reader's own copy in a browser is found by.</summary>
    public const string CopyToken = "message.copy";

    public const string AttributePrefix = "subscriber.attributes.";

    /// <summary>Names whose value differs from reader to reader, attributes aside.</summary>
    public static readonly IReadOnlyList<string> OfReader = [FirstName, FullName, Address, Tier, Language, Unsubscribe];

    /// <summary>Names that a reader may have no value for: a default is asked for.</summary>
    public static bool MayBeEmpty(string name) => name is FirstName or FullName or Language || IsAttribute(name);

    public static bool IsAttribute(string name) => name.StartsWith(AttributePrefix, StringComparison.Ordinal);

    /// <summary>Whole URLs: the only names that a link may begin with.</summary>
    public static bool IsUrl(string name) => name.StartsWith("links.", StringComparison.Ordinal);

    public static bool IsKnown(string name) => name is MessageId or LeaveToken or ClickToken or VoteToken or CopyToken || OfReader.Contains(name) || IsAttribute(name);

    /// <summary>This reader's value, as given; null where there is none.</summary>
    public static string? ValueFor(Recipient reader, string name) => name switch
    {
        FirstName => reader.FirstName,
        FullName => reader.Name,
        Address => reader.Address,
        Tier => reader.Tier,
        Language => reader.Language,
        Unsubscribe => reader.UnsubscribeUrl,
        MessageId => reader.MessageId,
        LeaveToken => reader.LeaveToken,
        ClickToken => reader.ClickToken,
        VoteToken => reader.VoteToken,
        CopyToken => reader.CopyToken,
        _ => reader.Attributes?.GetValueOrDefault(name[AttributePrefix.Length..]),
    };
}
