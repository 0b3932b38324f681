using Hangfire.Logging;
using HangfireLevel = Hangfire.Logging.LogLevel;
using HostLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>
/// Hangfire's log, written to the host's. Hangfire keeps one provider for the whole process and asks it for a logger as a job is fetched,
/// after its row was marked as taken: its own provider throws there once the host it came from is disposed of, and a job taken like that
/// waits for its time-out. This one says nothing then, and the jobs of another host in the process go on.
/// </summary>
internal sealed class JobLogProvider(ILoggerFactory logs) : ILogProvider
{
    public ILog GetLogger(string name)
    {
        try
        {
            return new JobLog(logs.CreateLogger(name));
        }
        catch (ObjectDisposedException)
        {
            return new JobLog(null);
        }
    }

    private sealed class JobLog(ILogger? log) : ILog
    {
        // Hangfire asks without a message whether anything would be written.
        public bool Log(HangfireLevel logLevel, Func<string>? messageFunc, Exception? exception)
        {
            var level = Level(logLevel);
            if (log is null || !log.IsEnabled(level))
                return false;
            if (messageFunc is not null)
                log.Log(level, default, messageFunc, exception, static (say, _) => say());
            return true;
        }

        private static HostLevel Level(HangfireLevel level) => level switch
        {
            HangfireLevel.Trace => HostLevel.Trace,
            HangfireLevel.Debug => HostLevel.Debug,
            HangfireLevel.Info => HostLevel.Information,
            HangfireLevel.Warn => HostLevel.Warning,
            HangfireLevel.Error => HostLevel.Error,
            _ => HostLevel.Critical,
        };
    }
}
