namespace Newsletter.Mailer.Access;

/// <summary>
/// What a key may do. A <c>…:write</c> scope includes its <c>…:read</c>. Writing editions and sending them are apart on purpose:
/// a key with <c>editions:write</c> drafts, and only one with <c>issues:write</c> makes mail leave.
/// </summary>
public static class Scopes
{
    /// <summary>List and show newsletters.</summary>
    public const string ReadNewsletters = "newsletters:read";

    /// <summary>Create and change newsletters.</summary>
    public const string WriteNewsletters = "newsletters:write";

    /// <summary>List, show and look up subscribers, imports and suppressions.</summary>
    public const string ReadSubscribers = "subscribers:read";

    /// <summary>Create, change, import and erase subscribers; suppress addresses.</summary>
    public const string WriteSubscribers = "subscribers:write";

    /// <summary>List, show and preview editions.</summary>
    public const string ReadEditions = "editions:read";

    /// <summary>Write, change and delete editions.</summary>
    public const string WriteEditions = "editions:write";

    /// <summary>Show issues, their progress, receipts and deliveries.</summary>
    public const string ReadIssues = "issues:read";

    /// <summary>Make mail leave: test sends, schedule, publish; pause, continue and cancel issues.</summary>
    public const string WriteIssues = "issues:write";

    /// <summary>Create, list and revoke API keys, none with more scopes than the caller's own.</summary>
    public const string WriteKeys = "keys:write";

    /// <summary>Relays and the job dashboard.</summary>
    public const string Operate = "ops";

    /// <summary>Every scope there is, in the order in which people read them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ReadNewsletters, WriteNewsletters, ReadSubscribers, WriteSubscribers, ReadEditions, WriteEditions,
        ReadIssues, WriteIssues, WriteKeys, Operate,
    ];

    /// <summary>True where <paramref name="granted"/> holds <paramref name="asked"/>, or the write scope that includes it.</summary>
    public static bool Cover(IEnumerable<string> granted, string asked) =>
        granted.Any(scope => scope == asked || Includes(scope, asked));

    /// <summary>The names among <paramref name="names"/> that are no scope.</summary>
    public static IReadOnlyList<string> UnknownAmong(IEnumerable<string> names) => [.. names.Except(All, StringComparer.Ordinal)];

    private static bool Includes(string scope, string asked) =>
        scope.EndsWith(":write", StringComparison.Ordinal)
        && asked.EndsWith(":read", StringComparison.Ordinal)
        && scope.AsSpan(0, scope.Length - ":write".Length).SequenceEqual(asked.AsSpan(0, asked.Length - ":read".Length));
}
