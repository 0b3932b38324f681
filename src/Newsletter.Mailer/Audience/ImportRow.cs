namespace Newsletter.Mailer.Audience;

/// <summary>A row that was found right, or one that wasn't and says that its reader is not to be mailed.</summary>
/// <param name="Number">Its number among the rows of the file, from 1.</param>
/// <param name="Line">The line it begins in.</param>
/// <param name="Address">Parsed.</param>
/// <param name="Name">Null where the cell is empty or there is no such column.</param>
/// <param name="Attributes">A JSON object in UTF-8.</param>
/// <param name="Extras">What another program's file says beyond that; null in a plain one.</param>
/// <param name="IsWrong">It is counted as invalid, and nobody is made of it.</param>
internal sealed record ImportRow(long Number, long Line, EmailAddress Address, string? Name, byte[] Attributes, ImportExtras? Extras = null, bool IsWrong = false);

/// <summary>What another program's file says of a reader.</summary>
/// <param name="Tags">Clean; null where there are none.</param>
/// <param name="Wanted">What the subscription, or the address, becomes.</param>
/// <param name="Tier"><c>free</c> or <c>premium</c>; null where the file doesn't say.</param>
/// <param name="SubscribedAt">UTC; null where the file doesn't say, or says it in a way that can't be read.</param>
/// <param name="Language">BCP 47; null where the file doesn't say.</param>
/// <param name="TimeZone">IANA; null where the file doesn't say.</param>
/// <param name="HasLeft">It says that the reader left, beside whatever else it says of them.</param>
/// <param name="LeftAt">UTC; null where the file doesn't say.</param>
/// <param name="TakesDigest">The digest in the place of every issue.</param>
internal sealed record ImportExtras(
    string[]? Tags, WantedStatus Wanted, string? Tier, DateTime? SubscribedAt, string? Language = null, string? TimeZone = null, bool HasLeft = false, DateTime? LeftAt = null, bool TakesDigest = false)
{
    /// <summary>What a row says whose other values are wrong, or of no use.</summary>
    public static ImportExtras Only(WantedStatus wanted, bool hasLeft = false, DateTime? leftAt = null) => new(null, wanted, null, null, HasLeft: hasLeft, LeftAt: leftAt);

    /// <summary>The same for no less than this, whatever the row says itself.</summary>
    public ImportExtras AtLeast(WantedStatus least) =>
        this with { Wanted = least > Wanted ? least : Wanted, HasLeft = HasLeft || least == WantedStatus.Unsubscribed };
}

/// <summary>Some rows of a file, few enough to hold in memory.</summary>
internal sealed record ImportChunk
{
    public List<ImportRow> Rows { get; } = [];

    public List<ImportProblem> Problems { get; } = [];

    /// <summary>Rows of the file up to this chunk's end, the header and blank ones not counted.</summary>
    public long RowsSoFar { get; set; }

    /// <summary>Those of them that were wrong.</summary>
    public long InvalidSoFar { get; set; }

    /// <summary>Bytes of the file read for it: up to a buffer more than its rows.</summary>
    public long BytesSoFar { get; set; }

    /// <summary>Set with the last chunk if the file can't be read on, and so is refused as a whole.</summary>
    public string? Refusal { get; set; }

    public bool IsLast { get; set; }
}
