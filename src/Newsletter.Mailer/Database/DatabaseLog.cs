using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Database;

internal static partial class DatabaseLog
{
    [LoggerMessage(1001, LogLevel.Information, "Private PostgreSQL {Version} runs in {Folder} (taken over: {TookOver}) after {Milliseconds} ms")]
    public static partial void PrivateClusterRuns(this ILogger log, string version, string folder, bool tookOver, long milliseconds);

    [LoggerMessage(1002, LogLevel.Information, "Private PostgreSQL in {Folder} stopped")]
    public static partial void PrivateClusterStopped(this ILogger log, string folder);

    [LoggerMessage(1003, LogLevel.Debug, "Waiting for the PostgreSQL server ({Answer})")]
    public static partial void WaitingForServer(this ILogger log, string answer);

    [LoggerMessage(1004, LogLevel.Warning, "Private PostgreSQL in {Folder} did not stop in time; the next start takes it over: {Reason}")]
    public static partial void ServerDidNotStop(this ILogger log, string folder, string reason);

    [LoggerMessage(1005, LogLevel.Debug, "Migration: {Text}")]
    public static partial void MigrationDetail(this ILogger log, string text);

    [LoggerMessage(1006, LogLevel.Warning, "Migration: {Text}")]
    public static partial void MigrationWarning(this ILogger log, string text);

    [LoggerMessage(1007, LogLevel.Error, "Migration: {Text}")]
    public static partial void MigrationError(this ILogger log, string text);
}
