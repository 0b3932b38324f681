using System.Globalization;
using Newsletter.Mailer.Reports;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>The receipt beside what the inbox says arrived.</summary>
internal sealed record DemoReport(Receipt Receipt, long Messages, long Recipients, TimeSpan Took)
{
    /// <summary>Finished, balanced, and as many messages as accepted, each to somebody else.</summary>
    public bool Agrees => Receipt is { State: "finished", Balanced: true } && Receipt.Accepted == Messages && Recipients == Messages;

    public void Write(Terminal terminal, bool json)
    {
        if (json)
            terminal.WriteJson(ToJson());
        else
            WriteTable(terminal);
    }

    private Dictionary<string, object?> ToJson() => new(StringComparer.Ordinal)
    {
        ["issue"] = Receipt.Issue,
        ["state"] = Receipt.State,
        ["audience"] = Receipt.Audience,
        ["accepted"] = Receipt.Accepted,
        ["rejected"] = Receipt.Rejected,
        ["unknown"] = Receipt.Unknown,
        ["expired"] = Receipt.Expired,
        ["cancelled"] = Receipt.Cancelled,
        ["failed"] = Receipt.Failed,
        ["excluded"] = Receipt.Excluded,
        ["inbox"] = new Dictionary<string, long>(StringComparer.Ordinal) { ["messages"] = Messages, ["recipients"] = Recipients },
    };

    private void WriteTable(Terminal terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) });
        var table = new Table().Border(TableBorder.Rounded).Title($"Receipt of issue {Receipt.Issue} ({Receipt.Newsletter} #{Receipt.Number})");
        table.AddColumn("").AddColumn(new TableColumn("readers").RightAligned());
        void Row(string name, long count) => table.AddRow(name, count.ToString("N0", CultureInfo.InvariantCulture));
        Row("audience", Receipt.Audience);
        table.AddEmptyRow();
        Row("accepted by the relay", Receipt.Accepted);
        Row("rejected", Receipt.Rejected);
        Row("unknown", Receipt.Unknown);
        Row("expired", Receipt.Expired);
        Row("cancelled", Receipt.Cancelled);
        Row("failed", Receipt.Failed);
        foreach (var (reason, count) in Receipt.Excluded)
            Row($"excluded: {reason}", count);
        table.AddEmptyRow();
        Row("messages in the inbox", Messages);
        Row("different recipients there", Recipients);
        console.Write(table);
        var rate = Took > TimeSpan.Zero ? Receipt.Accepted / Took.TotalSeconds : 0;
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(Agrees ? "The receipt balances, and the inbox agrees with it" : "The receipt and the inbox do not agree")}. {Took.TotalSeconds:0.0} s from publishing to the last reader, {rate:N0} messages a second."));
    }
}
