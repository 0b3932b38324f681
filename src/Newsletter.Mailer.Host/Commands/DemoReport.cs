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
            terminal.WriteJson(ReceiptView.Json(Receipt, Messages, Recipients));
        else
            WriteTable(terminal);
    }

    private void WriteTable(Terminal terminal)
    {
        ReceiptView.Console(terminal).Write(ReceiptView.Table(Receipt, Messages, Recipients));
        var rate = Took > TimeSpan.Zero ? Receipt.Accepted / Took.TotalSeconds : 0;
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(Agrees ? "The receipt balances, and the inbox agrees with it" : "The receipt and the inbox do not agree")}. {Took.TotalSeconds:0.0} s from publishing to the last reader, {rate:N0} messages a second."));
    }
}
