using System.Globalization;
using Newsletter.Mailer.Reports;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>A receipt beside what an inbox says arrived: as a table for people, as an object for scripts.</summary>
internal static class ReceiptView
{
    public static Dictionary<string, object?> Json(Receipt receipt, long messages, long recipients) => new(StringComparer.Ordinal)
    {
        ["issue"] = receipt.Issue,
        ["state"] = receipt.State,
        ["audience"] = receipt.Audience,
        ["accepted"] = receipt.Accepted,
        ["rejected"] = receipt.Rejected,
        ["unknown"] = receipt.Unknown,
        ["expired"] = receipt.Expired,
        ["cancelled"] = receipt.Cancelled,
        ["failed"] = receipt.Failed,
        ["excluded"] = receipt.Excluded,
        ["inbox"] = new Dictionary<string, long>(StringComparer.Ordinal) { ["messages"] = messages, ["recipients"] = recipients },
    };

    public static Table Table(Receipt receipt, long messages, long recipients)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"Receipt of issue {receipt.Issue} ({Markup.Escape(receipt.Newsletter)} {(receipt.Number is { } number ? $"#{number}" : receipt.Kind)})");
        table.AddColumn("").AddColumn(new TableColumn("readers").RightAligned());
        void Row(string name, long count) => table.AddRow(Markup.Escape(name), count.ToString("N0", CultureInfo.InvariantCulture));
        Row("audience", receipt.Audience);
        table.AddEmptyRow();
        Row("accepted by the relay", receipt.Accepted);
        Row("rejected", receipt.Rejected);
        Row("unknown", receipt.Unknown);
        Row("expired", receipt.Expired);
        Row("cancelled", receipt.Cancelled);
        Row("failed", receipt.Failed);
        foreach (var (reason, count) in receipt.Excluded)
            Row($"excluded: {reason}", count);
        // Only where an issue stopped on its way.
        if (receipt.Pending + receipt.Sending + receipt.Deferred is var waiting and > 0)
            Row("still waiting", waiting);
        table.AddEmptyRow();
        Row("messages in the inbox", messages);
        Row("different recipients there", recipients);
        return table;
    }

    /// <summary>Standard output as Spectre writes to it.</summary>
    public static IAnsiConsole Console(Terminal terminal) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) });
}
