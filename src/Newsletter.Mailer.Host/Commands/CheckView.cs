using System.Globalization;
using System.Text;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Spam;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Findings for people: errors first, each with its place, and below it what to do.</summary>
internal sealed class CheckView(Terminal terminal, string path)
{
    private const int Indent = 4;

    private const int Unbounded = 10_000;

    private readonly IAnsiConsole _console = Console(terminal);

    public void Show(PreflightReport report, SpamVerdict? spam)
    {
        foreach (var severity in new[] { CheckSeverity.Error, CheckSeverity.Warning, CheckSeverity.Note })
            Group(severity, [.. report.Findings.Where(found => found.Severity == severity)]);
        if (spam is not null)
            Spam(spam);
        _console.MarkupLine(Total(report));
    }

    private void Group(CheckSeverity severity, List<PreflightFinding> findings)
    {
        if (findings.Count == 0)
            return;
        var (word, colour) = severity switch
        {
            CheckSeverity.Error => (findings.Count == 1 ? "error" : "errors", "red"),
            CheckSeverity.Warning => (findings.Count == 1 ? "warning" : "warnings", "yellow"),
            _ => (findings.Count == 1 ? "note" : "notes", "blue"),
        };
        _console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[bold {colour}]{findings.Count} {word}[/]"));
        foreach (var same in findings.GroupBy(found => (found.Code, found.Message, found.Remedy, found.Variant)))
        {
            var (found, others) = (same.First(), same.Skip(1).Select(other => FormattableString.Invariant($"{other.Line}:{other.Column}")).ToList());
            _console.MarkupLine($"  [bold]{Markup.Escape(Place(found))}[/]  [{colour}]{found.Code}[/]{(found.Variant is { } variant ? $" [dim](variant {Markup.Escape(variant)})[/]" : "")}");
            Paragraph(found.Message, null);
            if (others.Count > 0)
                Paragraph($"Also at {string.Join(", ", others)}.", null);
            Paragraph("→ " + found.Remedy, "dim");
        }

        _console.WriteLine();
    }

    // As editors jump to.
    private string Place(PreflightFinding found) => found.Line is { } line ? FormattableString.Invariant($"{path}:{line}:{found.Column}") : path;

    // Spectre would fill each line with blanks up to the edge.
    private void Paragraph(string text, string? style)
    {
        var (line, width) = (new StringBuilder(), Math.Max(20, _console.Profile.Width - Indent - 1));
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
                Flush(line, style);
            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        Flush(line, style);
    }

    private void Flush(StringBuilder line, string? style)
    {
        var text = new string(' ', Indent) + Markup.Escape(line.ToString());
        _console.MarkupLine(style is null ? text : $"[{style}]{text}[/]");
        line.Clear();
    }

    private void Spam(SpamVerdict verdict)
    {
        switch (verdict)
        {
            case SpamVerdict.Scored scored:
                var colour = scored.Score >= scored.Limit ? "red" : scored.Score > 0 ? "yellow" : "green";
                _console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[bold]{Markup.Escape(scored.Filter)}[/]: [{colour}]{scored.Score:0.0}[/] of the {scored.Limit:0.0} that make spam"));
                foreach (var rule in scored.Rules)
                    _console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"  {rule.Score,6:0.00}  {Markup.Escape(rule.Name)}"));
                _console.MarkupLine("[dim]Scored without a DKIM signature: the keys are in the database, which this check does without. Rules about DKIM say nothing of an issue.[/]");
                break;
            case SpamVerdict.Failed failed:
                _console.MarkupLine($"[bold]{Markup.Escape(failed.Filter)}[/] gave no score: {Markup.Escape(failed.Reason)}.");
                break;
            default:
                _console.MarkupLine("There is no spam filter on this machine. Install one, for instance: apt-get install spamassassin");
                break;
        }

        _console.WriteLine();
    }

    // A file or a pipe gets no colours, and each paragraph on one line.
    private static IAnsiConsole Console(Terminal terminal)
    {
        if (terminal.Output == System.Console.Out && !System.Console.IsOutputRedirected)
            return ReceiptView.Console(terminal);
        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(terminal.Output) });
        plain.Profile.Width = Unbounded;
        return plain;
    }

    private static string Total(PreflightReport report) =>
        report.Errors > 0 ? "[red]It can't be sent as it stands.[/]"
        : report.Warnings > 0 ? "It can be sent; the warnings are worth a look."
        : "[green]It can be sent.[/]";
}
