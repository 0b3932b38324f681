using System.Buffers;
using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// A cell of a CSV that we write: quoted where it must be (RFC 4180 §2), and guarded where a spreadsheet would take it for a formula
/// (an apostrophe before it). Whoever imports our own export takes the guard off again, so that nothing is changed by the way.
/// </summary>
public static class CsvCell
{
    // OWASP, "CSV Injection"; the wide forms are taken for the same in some locales.
    private const string Formulas = "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20";

    private static readonly SearchValues<char> Quoted = SearchValues.Create(",;\"\r\n\t");

    /// <summary>Adds a cell to a line.</summary>
    public static void Append(StringBuilder line, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        var guarded = IsFormula(value);
        if (!guarded && value.AsSpan().IndexOfAny(Quoted) < 0 && value[0] != ' ' && value[^1] != ' ')
        {
            line.Append(value);
            return;
        }

        line.Append('"');
        if (guarded) line.Append('\'');
        line.Append(value.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }

    /// <summary>The value as it was before it was guarded.</summary>
    public static string Unguard(string cell) => cell.Length > 1 && cell[0] == '\'' && IsFormula(cell[1..]) ? cell[1..] : cell;

    // Apostrophes before a formula count as part of it: otherwise one that was there before would be taken for a guard.
    private static bool IsFormula(string value)
    {
        var text = value.AsSpan().TrimStart('\'');
        return text.Length > 0 && Formulas.Contains(text[0], StringComparison.Ordinal);
    }
}
