using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Inbox;

/// <summary>What the inbox logs: numbers, never addresses.</summary>
internal static partial class InboxLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The built-in inbox listens on {EndPoint}")]
    public static partial void Listening(ILogger log, System.Net.EndPoint endPoint);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Connection {Connection} was lost: {Error}")]
    public static partial void ConnectionLost(ILogger log, int connection, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Connection {Connection}: fault {Rule}")]
    public static partial void FaultPlayed(ILogger log, int connection, string rule);

    [LoggerMessage(Level = LogLevel.Error, Message = "Connection {Connection} failed: this is a defect of the inbox")]
    public static partial void ConnectionFailed(ILogger log, int connection, Exception error);
}
