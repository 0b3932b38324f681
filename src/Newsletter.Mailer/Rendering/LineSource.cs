using System.Text;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>Finds the slots and tags in one line of front matter: a subject, a preheader. Nothing there is code.</summary>
internal static class LineSource
{
    /// <summary>The line with a token for each.</summary>
    public static string Prepare(string line, SourcePosition at, EditionDocument edition, SlotTable table, List<RenderProblem> problems)
    {
        if (!edition.Template)
            return line;

        var prepared = new StringBuilder();
        for (var i = 0; i < line.Length; i++)
        {
            var rest = line.AsSpan(i);
            if (rest.StartsWith(@"\{"))
                prepared.Append(line[++i]);
            else if (LengthOf(rest) is var length and >= SlotTable.MinLength)
            {
                prepared.Append(table.Add(new SlotSource(line.Substring(i, length), at with { Column = at.Column + i })));
                i += length - 1;
            }
            else
            {
                if (rest.StartsWith("{{") || rest.StartsWith("{%"))
                    problems.Add(new RenderProblem(
                        RenderSeverity.Error, at.Line, at.Column + i,
                        "Only slots and tags that are closed can stand here, such as {{ subscriber.first_name | default: \"friend\" }}. Braces that are meant as text need a backslash: \\{{."));
                prepared.Append(line[i]);
            }
        }

        return prepared.ToString();
    }

    private static int LengthOf(ReadOnlySpan<char> text) =>
        text.StartsWith("{{") ? SlotSyntax.LengthOfSlot(text) : text.StartsWith("{%") ? SlotSyntax.LengthOfTag(text) : -1;
}
