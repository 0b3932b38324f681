using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Smtp;

/// <summary>Relays by id, never an address of a reader, a reply's text or a credential.</summary>
internal static partial class SmtpLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Connected to relay {RelayId} in {Milliseconds} ms (TLS: {Secure}, logged in: {LoggedIn})")]
    public static partial void Connected(ILogger logger, int relayId, long milliseconds, bool secure, bool loggedIn);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Relay {RelayId} is unavailable: {Reason}")]
    public static partial void Unavailable(ILogger logger, int relayId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Relay {RelayId} does not let us log in: check its user name and password")]
    public static partial void LogInRefused(ILogger logger, int relayId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Relay {RelayId} refuses our credentials (code {Code})")]
    public static partial void CredentialsRefused(ILogger logger, int relayId, int code);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Relay {RelayId} hung up on an idle connection after {Messages} messages; opening another")]
    public static partial void HungUpWhileIdle(ILogger logger, int relayId, int messages);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Relay {RelayId} failed at message {Messages} of a connection (at the end of the message: {AtEndOfData})")]
    public static partial void RelayFault(ILogger logger, int relayId, int messages, bool atEndOfData);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Relay {RelayId} gave no reply to the end of message {Messages} of a connection: its fate is unknown")]
    public static partial void NoReplyToMessage(ILogger logger, int relayId, int messages);
}
