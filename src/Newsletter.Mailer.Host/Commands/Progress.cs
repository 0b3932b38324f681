using System.Globalization;
using Newsletter.Mailer.Reports;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>One look at an issue on its way.</summary>
/// <param name="State">Of the issue.</param>
/// <param name="Receipt">As it stands; null before there is an issue.</param>
/// <param name="Problem">What stopped it, for people; null while all is well.</param>
/// <param name="Note">What else is to be shown of it; null: nothing.</param>
internal sealed record WatchStep(string State, Receipt? Receipt, string? Problem, string? Note = null);

/// <summary>Long work on standard error: a bar on a terminal, plain lines elsewhere.</summary>
internal static class Progress
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    /// <summary>Looks until the issue has ended or something stopped it, which is then said; the last look.</summary>
    public static async Task<WatchStep> WatchAsync(Terminal terminal, Func<Task<WatchStep>> look)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        var last = console.Profile.Capabilities.Interactive && !Console.IsErrorRedirected
            ? await BarAsync(console, look)
            : await LinesAsync(terminal, look);
        if (last.Problem is { } problem)
            terminal.Fail(problem);
        return last;
    }

    private static bool IsOver(WatchStep step) => step.Problem is not null || step.State is "finished" or "cancelled";

    private static long Done(Receipt receipt) => receipt.Audience - receipt.Pending - receipt.Sending - receipt.Deferred;

    private static async Task<WatchStep> BarAsync(IAnsiConsole console, Func<Task<WatchStep>> look)
    {
        WatchStep step = new("", null, null);
        await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("Freezing", autoStart: true);
                while (!IsOver(step = await look()))
                {
                    task.Description = step.State == "sending" ? Markup.Escape($"Sending{Aside(step)}") : "Freezing";
                    if (step is { State: "sending", Receipt: { } receipt })
                        (task.MaxValue, task.Value) = (Math.Max(1, receipt.Audience), Done(receipt));
                }

                // What was shown beside it was of the last look.
                (task.Description, task.Value) = (step.Problem is null ? "Sent" : "Stopped", step.Problem is null ? task.MaxValue : task.Value);
            });
        return step;
    }

    private static async Task<WatchStep> LinesAsync(Terminal terminal, Func<Task<WatchStep>> look)
    {
        var since = TimeProvider.System.GetTimestamp();
        WatchStep step;
        while (!IsOver(step = await look()))
        {
            if (step.Receipt is not { } receipt || TimeProvider.System.GetElapsedTime(since) < BetweenLines)
                continue;
            since = TimeProvider.System.GetTimestamp();
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step.State}: {Done(receipt):N0} of {receipt.Audience:N0}{Aside(step)}"));
        }

        return step;
    }

    private static string Aside(WatchStep step) => step.Note is null ? "" : $", {step.Note}";
}
