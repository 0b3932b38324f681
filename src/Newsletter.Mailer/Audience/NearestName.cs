namespace Newsletter.Mailer.Audience;

/// <summary>Finds the known name that somebody probably meant.</summary>
internal static class NearestName
{
    /// <summary>The known name nearest to the written one, or null where none is near enough to be meant.</summary>
    public static string? To(string written, IEnumerable<string> known)
    {
        // An edit for every three letters of the last word, or two letters swapped: further away, a suggestion confuses more than it helps.
        var word = written.Length - written.LastIndexOf('.') - 1;
        var allowed = Math.Min(word - 1, Math.Max(2, word / 3));
        return known
            .Select(name => (Name: name, Distance: Distance(written.ToLowerInvariant(), name)))
            .Where(candidate => candidate.Distance <= allowed)
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    // Levenshtein's distance, one row at a time.
    private static int Distance(string from, string to)
    {
        if (Math.Abs(from.Length - to.Length) > 20)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
