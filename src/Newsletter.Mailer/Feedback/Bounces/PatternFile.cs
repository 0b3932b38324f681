namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>A pattern of a resource, and a text that needs it.</summary>
/// <param name="Section">What stands in brackets above it; empty where nothing does.</param>
/// <param name="Pattern">A regular expression.</param>
/// <param name="Example">The text.</param>
/// <param name="Line">Where it stands, from 1.</param>
internal sealed record PatternLine(string Section, string Pattern, string Example, int Line);

/// <summary>Reads the resources that hold patterns: sections in brackets, patterns at the margin, each with its example indented below.</summary>
internal static class PatternFile
{
    public static IReadOnlyList<PatternLine> Read(string name)
    {
        using var stream = typeof(PatternFile).Assembly.GetManifestResourceStream($"feedback/{name}")
            ?? throw new InvalidOperationException($"The resource {name} is missing from the build.");
        using var reader = new StreamReader(stream);
        var read = new List<PatternLine>(150);
        string section = "", pattern = "";
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            // A pattern that begins and ends like one has a backslash in it.
            if (line[0] == '[' && line.EndsWith(']') && !line.Contains('\\', StringComparison.Ordinal))
                section = line[1..^1];
            else if (line.TrimStart() is ['=', ' ', .. var example] && line[0] == ' ')
                read.Add(new PatternLine(section, pattern, example, number - 1));
            else
                pattern = line;
        }

        return read;
    }
}
