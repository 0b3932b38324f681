using System.Globalization;
using Newsletter.Mailer.Audience;
using Spectre.Console;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>How far an import is, on standard error: a bar on a terminal, a line every few seconds elsewhere.</summary>
internal static class ImportProgressBar
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    /// <summary>Shows progress while the work runs.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="length">Bytes of the file; null where it is a pipe.</param>
    /// <param name="work">Reports how far it is.</param>
    public static async Task<T> ShowAsync<T>(Terminal terminal, long? length, Func<IProgress<ImportProgress>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        if (!console.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
            return await work(new Lines(terminal));
        return await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context, length)));
    }

    private static string Words(ImportProgress now) => string.Create(
        CultureInfo.InvariantCulture, $"{(now.State is ImportState.Receiving ? "read" : "merged")} {now.Rows:N0} rows{(now.Invalid > 0 ? $", {now.Invalid:N0} wrong" : "")}");

    private sealed class Lines(Terminal terminal) : IProgress<ImportProgress>
    {
        private long _told = TimeProvider.System.GetTimestamp();

        public void Report(ImportProgress value)
        {
            if (TimeProvider.System.GetElapsedTime(_told) < BetweenLines)
                return;
            _told = TimeProvider.System.GetTimestamp();
            terminal.Error.WriteLine(Words(value));
        }
    }

    private sealed class Bar : IProgress<ImportProgress>
    {
        private readonly ProgressContext _context;
        private readonly ProgressTask _receiving;
        private ProgressTask? _merging;

        public Bar(ProgressContext context, long? length)
        {
            _context = context;
            _receiving = context.AddTask("Reading", maxValue: length ?? 1);
            _receiving.IsIndeterminate = length is null;
        }

        public void Report(ImportProgress value)
        {
            if (value.State is ImportState.Receiving)
            {
                _receiving.Description = Words(value);
                _receiving.Value = value.Bytes;
                return;
            }

            if (_merging is null)
            {
                _receiving.IsIndeterminate = false;
                _receiving.Value = _receiving.MaxValue;
                _merging = _context.AddTask("Merging", maxValue: Math.Max(1, value.Total ?? 1));
            }

            _merging.Description = Words(value);
            _merging.Value = value.Rows;
        }
    }
}
