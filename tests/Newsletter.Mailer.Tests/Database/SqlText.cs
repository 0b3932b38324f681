using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Tests.Database;

/// <summary>One statement of a store, its parameters numbered as PREPARE wants them.</summary>
internal sealed record SqlStatement(string Text)
{
    private static readonly string[] Preparable = ["select", "insert", "update", "delete", "merge", "values", "with", "table"];

    /// <summary>The first word, in lower case.</summary>
    public string Verb => Regex.Match(Text, "[A-Za-z]+", RegexOptions.CultureInvariant).Value.ToLowerInvariant();

    public bool IsDml => Preparable.Contains(Verb);

    public bool MakesTemporaryTable => Regex.IsMatch(Text, @"^\s*create\s+(temp|temporary)\s", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant);

    /// <summary>For COPY, which can't be prepared, a query of the same table and columns; else null.</summary>
    public string? CopiedColumns =>
        Regex.Match(Text, @"^\s*copy\s+(?<table>[\w.""]+)\s*\((?<columns>[^)]*)\)\s+from", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant) is { Success: true } match
            ? $"select {match.Groups["columns"].Value} from {match.Groups["table"].Value}"
            : null;

    /// <summary>Splits at semicolons and numbers the parameters, leaving strings, quoted names and comments as they are.</summary>
    public static IReadOnlyList<SqlStatement> Read(string sql)
    {
        var statements = new List<SqlStatement>();
        var text = new StringBuilder();
        var names = new List<string>();
        foreach (Match token in Tokens.Matches(sql))
        {
            if (token.Groups["end"].Success)
                Finish();
            else if (token.Groups["name"] is { Success: true } name)
                text.Append(CultureInfo.InvariantCulture, $"${Number(name.Value)}");
            else if (!token.Groups["comment"].Success)
                text.Append(token.Value);
            else
                text.Append(' ');
        }

        Finish();
        return statements;

        int Number(string name)
        {
            if (!names.Contains(name))
                names.Add(name);
            return names.IndexOf(name) + 1;
        }

        void Finish()
        {
            if (!string.IsNullOrWhiteSpace(text.ToString()))
                statements.Add(new SqlStatement(text.ToString().Trim()));
            text.Clear();
            names.Clear();
        }
    }

    private static readonly Regex Tokens = new("""
        (?<comment> --[^\n]* | /\*.*?\*/ )
        | '(?:[^']|'')*' | "[^"]*" | (?<tag>\$(?:[A-Za-z_]\w*)?\$).*?\k<tag>
        | (?<end> ; )
        | (?<![@<\w]) @(?<name>[A-Za-z_]\w*)
        | .
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline | RegexOptions.CultureInvariant);
}
