namespace Newsletter.Mailer.Doctor;

/// <summary>A record of <c>tag=value</c> pairs parted by semicolons (RFC 6376 §3.2), as DKIM and DMARC have them.</summary>
internal static class TagList
{
    /// <summary>The tags, names in lower case; null where it is no such list.</summary>
    public static IReadOnlyDictionary<string, string>? Parse(string record)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in record.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at) || !tags.TryAdd(part[..at].Trim().ToLowerInvariant(), part[(at + 1)..].Trim()))
                return null;
        }

        return tags;
    }
}
