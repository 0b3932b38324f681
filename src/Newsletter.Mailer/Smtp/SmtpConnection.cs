using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>
/// Counts messages and age, and never spends a message on finding out that the relay hung up while the connection was idle:
/// it asks first, and opens a new session where the old one is gone.
/// </summary>
internal sealed class SmtpConnection : IMailConnection
{
    /// <summary>Idle for longer, a connection is asked before it is used.</summary>
    internal static readonly TimeSpan TrustedIdleTime = TimeSpan.FromSeconds(5);

    private readonly SmtpTransport _transport;
    private readonly Relay _relay;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private RelaySession _session;
    private long _openedAt;
    private long _usedAt;
    private int _messages;
    private bool _spent;

    public SmtpConnection(SmtpTransport transport, Relay relay, RelaySession session, TimeProvider clock, ILogger logger)
    {
        _transport = transport;
        _relay = relay;
        _session = session;
        _clock = clock;
        _logger = logger;
        _openedAt = _usedAt = clock.GetTimestamp();
    }

    public bool IsUsable =>
        !_spent && _session.IsConnected && _messages < _relay.MessagesPerConnection && _clock.GetElapsedTime(_openedAt) < _relay.ConnectionLifetime;

    public async Task<SendOutcome> SendAsync(OutgoingMail mail)
    {
        if (_spent || !_session.IsConnected)
            return new SendOutcome.RelayFault($"The connection to the relay {_relay} is closed.", AtEndOfData: false);
        if (await ReviveAsync() is { } failure)
            return failure;

        _messages++;
        var outcome = await _session.SendAsync(mail);
        _usedAt = _clock.GetTimestamp();
        Notice(outcome);
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        _spent = true;
        await _session.DisposeAsync();
    }

    /// <summary>Null where the session is there, or was replaced by a new one.</summary>
    private async Task<SendOutcome?> ReviveAsync()
    {
        if (_clock.GetElapsedTime(_usedAt) < TrustedIdleTime && !_session.HasUnaskedInput)
            return null;
        if (await _session.IsAliveAsync())
            return null;

        SmtpLog.HungUpWhileIdle(_logger, _relay.Id, _messages);
        await _session.DisposeAsync();
        var opened = await _transport.OpenAsync(_relay, CancellationToken.None);
        if (opened.Session is null)
        {
            _spent = true;
            return opened.Failure is ConnectOutcome.CredentialsRefused refused
                ? new SendOutcome.CredentialsRefused(new SmtpReply(0, null, refused.Reason))
                : new SendOutcome.RelayFault(((ConnectOutcome.Unavailable)opened.Failure!).Reason, AtEndOfData: false);
        }

        _session = opened.Session;
        _openedAt = _usedAt = _clock.GetTimestamp();
        _messages = 0;
        return null;
    }

    private void Notice(SendOutcome outcome)
    {
        switch (outcome)
        {
            case SendOutcome.Unknown:
                SmtpLog.NoReplyToMessage(_logger, _relay.Id, _messages);
                break;
            case SendOutcome.RelayFault fault:
                SmtpLog.RelayFault(_logger, _relay.Id, _messages, fault.AtEndOfData);
                // RFC 5321 §3.8: after a 421 the relay closes; MailKit may not have noticed yet.
                _spent = true;
                break;
            case SendOutcome.CredentialsRefused refused:
                SmtpLog.CredentialsRefused(_logger, _relay.Id, refused.Reply.Code);
                _spent = true;
                break;
        }
    }
}
