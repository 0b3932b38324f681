using System.Data.Common;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What is worth a look in an edition that is scheduled or on its way by now.</summary>
internal sealed partial class EditionWarnings(PreflightDesk desk, ILogger<EditionWarnings> log)
{
    /// <summary>Counting a million readers takes a second or two; nobody waits longer to hear that it goes out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Null where they can't be found in time: what was asked for is done all the same, and an error would say that it wasn't.</summary>
    public async Task<IReadOnlyList<FindingAnswer>?> FindAsync(long edition, CancellationToken stop)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(Patience);
        try
        {
            return await desk.CheckAsync(edition, asksOthers: false, limited.Token) is { } report
                ? [.. report.Findings.Where(found => found.Severity == CheckSeverity.Warning).Select(FindingAnswer.Of)]
                : [];
        }
        catch (Exception e) when (e is DbException or DatabaseUnavailableException or TimeoutException || e is OperationCanceledException && !stop.IsCancellationRequested)
        {
            Unknown(log, edition, e.Message);
            return null;
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Edition {Edition} is scheduled or on its way, but what its preflight warns of could not be looked up: {Reason}")]
    private static partial void Unknown(ILogger log, long edition, string reason);
}
