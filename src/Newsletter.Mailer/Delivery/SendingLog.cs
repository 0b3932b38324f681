using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Delivery;

internal static partial class SendingLog
{
    [LoggerMessage(1, LogLevel.Warning, "Issue {IssueId}: batch {BatchNo} taken over from a sender that was lost; what it had in flight is unknown")]
    public static partial void TakenOver(ILogger log, long issueId, int batchNo);

    [LoggerMessage(2, LogLevel.Error, "Issue {IssueId}, delivery {Seq}: the message can't be made")]
    public static partial void Unrenderable(ILogger log, Exception exception, long issueId, int seq);

    [LoggerMessage(3, LogLevel.Warning, "The database can't be asked for leases now")]
    public static partial void NotRenewed(ILogger log, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Issue {IssueId}: batch {BatchNo} can't be closed now; its lease runs out by itself")]
    public static partial void NotClosed(ILogger log, Exception exception, long issueId, int batchNo);

    [LoggerMessage(5, LogLevel.Warning, "The database can't be asked for work now")]
    public static partial void NotClaimed(ILogger log, Exception exception);

    [LoggerMessage(6, LogLevel.Error, "A sender broke while it waited for its last replies; whoever takes over its leases finds what it had in flight in the ledger")]
    public static partial void Broken(ILogger log, Exception exception);
}
