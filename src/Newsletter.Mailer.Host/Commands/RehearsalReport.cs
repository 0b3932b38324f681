using System.Globalization;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>A rehearsal as people and scripts read it.</summary>
internal sealed class RehearsalReport(Rehearsal found)
{
    private const double MiB = 1024 * 1024;

    public void Write(Terminal terminal, bool json)
    {
        if (json)
            terminal.WriteJson(ToJson());
        else
            WriteTables(ReceiptView.Console(terminal));
    }

    private Dictionary<string, object?> ToJson() => new(StringComparer.Ordinal)
    {
        ["passed"] = found.Passed,
        ["complaints"] = found.Complaints,
        ["edition"] = found.Wish.Edition,
        ["subscribers"] = found.Wish.Subscribers,
        ["receipt"] = ReceiptView.Json(found.Receipt, found.Arrivals.Messages, found.Recipients),
        ["lost"] = found.Comparison.Lost,
        ["duplicates"] = found.Arrivals.Copies,
        ["duplicates_explained"] = found.CopiesExplained,
        ["mailed_although_left_out"] = found.Comparison.Wronged,
        ["put_off"] = found.Comparison.PutOff,
        ["sent_again"] = found.Comparison.Resent,
        ["arrived_unsaid"] = found.Comparison.Unsaid,
        ["messages_per_second"] = Rounded(found.Arrivals.Rate, 1),
        ["seconds"] = Rounded(found.Took.TotalSeconds, 3),
        ["connections"] = found.Setup.Connections,
        ["hurry"] = found.Setup.Hurry,
        ["expected"] = found.Forecast is { } forecast
            ? new { forecast.Audience, Seconds = Rounded(forecast.Time.TotalSeconds, 1), forecast.LimitedBy, StragglersSeconds = Rounded(found.Stragglers.TotalSeconds, 1) }
            : null,
        ["faults"] = found.Faults,
        ["peak_memory_mb"] = Rounded(found.PeakMemory / MiB, 1),
    };

    private void WriteTables(IAnsiConsole console)
    {
        console.Write(ReceiptView.Table(found.Receipt, found.Arrivals.Messages, found.Recipients));
        if (found.Faults.Count > 0)
            console.Write(FaultTable());
        console.Write(Facts());
        console.WriteLine();
        foreach (var complaint in found.Complaints)
            console.MarkupLineInterpolated($"[red]✗[/] {complaint}");
        if (found.Passed)
            console.MarkupLineInterpolated($"[green]✓[/] {Praise()}");
    }

    private Table FaultTable()
    {
        var table = new Table().Border(TableBorder.Rounded).Title("Faults met");
        table.AddColumn(new TableColumn("times").RightAligned()).AddColumn("met").AddColumn("rule");
        foreach (var fault in found.Faults)
            table.AddRow(Number(fault.Times), Markup.Escape(fault.What), Markup.Escape(fault.Rule));
        return table;
    }

    private Grid Facts()
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn();
        foreach (var (name, fact) in Sentences())
            grid.AddRow($"[bold]{Markup.Escape(name)}[/]", Markup.Escape(fact));
        return grid;
    }

    private IEnumerable<(string Name, string Fact)> Sentences()
    {
        yield return ("Rate", found.Arrivals.Rate is { } rate
            ? $"{Number(rate)} messages a second over {Plural(found.Setup.Connections, "connection")} ({Plural(found.Arrivals.FirstPassMessages, "message")} in {Duration.Words(found.Arrivals.FirstPass)}), with the inbox and the database on this machine too"
            : "too few messages to tell");
        yield return ("In earnest", InEarnest());
        if (found.Comparison.PutOff > 0)
            yield return ("Put off", $"{Plural(found.Comparison.PutOff, "reader")}, up to {Plural(found.Comparison.Deferrals, "time")}");
        yield return ("Hurry", $"waits passed {Number(found.Setup.Hurry)} times as fast: {Duration.Words(found.Setup.FirstWait.Real)} before the second try took {Duration.Words(found.Setup.FirstWait.Here)}");
        yield return ("Twice", Twice());
        yield return ("Lost", found.Comparison.Lost == 0 ? "nobody" : Plural(found.Comparison.Lost, "reader"));
        if (found.Comparison.Unsaid > 0)
            yield return ("Unsaid", $"{Plural(found.Comparison.Unsaid, "reader")} got it although the relay never said that it took it");
        yield return ("Memory", string.Create(CultureInfo.InvariantCulture, $"{found.PeakMemory / MiB:N0} MiB at most, the inbox's share included, PostgreSQL's not"));
    }

    private string InEarnest()
    {
        var stragglers = found.Stragglers > TimeSpan.Zero ? $"; who is put off as often as here gets it up to {Duration.Words(found.Stragglers)} later" : "";
        if (found.Forecast is not { } forecast)
            return $"{(found.Arrivals.Rate is null ? "too few messages to tell" : "--audience N tells how long N readers would take")}{stragglers}";
        var limit = forecast.LimitedBy switch
        {
            "messages_per_second" => $"for the relays take {Number(found.Setup.Caps.PerSecond ?? 0)} messages a second",
            "messages_per_day" => $"for the relays take {Plural(found.Setup.Caps.PerDay ?? 0, "message")} a day",
            _ => "if the relay is as fast as the inbox",
        };
        return $"{Plural(forecast.Audience, "reader")} in about {Duration.Words(forecast.Time)}, {limit}{stragglers}";
    }

    private string Twice() => found.Arrivals.Copies == 0
        ? "nobody"
        : $"{Plural(found.Arrivals.Copies, "copy", "copies")}, with the same Message-ID; the relay kept a message without saying so {Plural(found.CopiesExplained, "time")}";

    private string Praise() => found.Arrivals.Copies == 0
        ? "The receipt balances and the inbox agrees with it: nobody is lost, nobody got it twice."
        : "The receipt balances and the inbox agrees with it: nobody is lost, and nobody got it twice who could have been spared.";

    private static string Plural(long count, string one, string? many = null) => $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    private static string Number(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static double? Rounded(double? number, int digits) => number is { } value ? Math.Round(value, digits) : null;
}
