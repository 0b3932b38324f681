using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// A title out of a subject. The subject greets each reader; the title is one for all of them, above the text, in the edition's URL
/// and in the archive. So it is the subject as it reads to someone of whom nothing is known: each slot's default, or nothing.
/// </summary>
internal static partial class EditionTitle
{
    /// <summary>Null where there is no subject, or no word of it is left.</summary>
    public static string? FromSubject(string? subject)
    {
        if (subject is null || !subject.Contains("{{", StringComparison.Ordinal))
            return subject;
        var filled = Slot().Replace(subject, slot => Default().Match(slot.Value).Groups["text"].Value);
        var plain = BlankBeforeMark().Replace(Blanks().Replace(filled, " "), "${mark}").Trim(' ', ',', ':', ';');
        return plain.Any(char.IsLetterOrDigit) ? char.ToUpperInvariant(plain[0]) + plain[1..] : null;
    }

    // What is wrong inside a slot is said where slots are read, not here.
    [GeneratedRegex(@"\{\{[^{}]*\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Slot();

    [GeneratedRegex("""\|\s*default:\s*("(?<text>[^"]*)"|'(?<text>[^']*)')""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Default();

    [GeneratedRegex(@"\s{2,}", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    [GeneratedRegex(@" (?<mark>[,:;.!?])", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex BlankBeforeMark();
}
