using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Signing;
using IMailTransport = Newsletter.Mailer.Delivery.IMailTransport;

namespace Newsletter.Mailer.Smtp;

/// <summary>Opens connections with MailKit over sockets of our own.</summary>
public sealed class SmtpTransport : IMailTransport
{
    private readonly string _heloName;
    private readonly TimeProvider _clock;
    private readonly ILogger<SmtpTransport> _logger;
    private readonly string? _protocolLogFolder;
    private readonly IMessageSigner? _signer;
    private int _protocolLogs;

    static SmtpTransport()
    {
        KeptPunycode.Install();
    }

    /// <param name="heloName">What EHLO announces to a relay that is not on this machine and names nothing itself: the domain of PublicUrl.</param>
    /// <param name="clock">For the age of connections.</param>
    /// <param name="logger">Gets relays by id.</param>
    /// <param name="protocolLogFolder">Where each connection writes everything said, but for the password. It holds readers' addresses and whole messages: null, unless a person is looking for something.</param>
    /// <param name="signer">Signs every message; null: none is signed.</param>
    public SmtpTransport(string heloName, TimeProvider clock, ILogger<SmtpTransport> logger, string? protocolLogFolder = null, IMessageSigner? signer = null)
    {
        _heloName = heloName;
        _clock = clock;
        _logger = logger;
        _protocolLogFolder = protocolLogFolder;
        _signer = signer;
    }

    /// <inheritdoc />
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async Task<ConnectOutcome> ConnectAsync(Relay relay, CancellationToken stop)
    {
        var opened = await OpenAsync(relay, stop);
        return opened.Session is { } session
            ? new ConnectOutcome.Connected(new SmtpConnection(this, relay, session, _clock, _logger))
            : opened.Failure!;
    }

    /// <param name="relay">Where to.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="seen">Shown the relay's certificate, whether it is accepted or not.</param>
    internal async Task<OpenedSession> OpenAsync(Relay relay, CancellationToken stop, Action<X509Certificate>? seen = null)
    {
        var startedAt = _clock.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(relay.ConnectTimeout);
        if (_signer is not null && await _signer.RefreshAsync(stop) is { } problem)
            return new OpenedSession(null, new ConnectOutcome.Unavailable(problem), false);
        var dialled = await RelayDialling.DialAsync(relay, limit.Token);
        var opened = dialled.Socket is null
            ? new OpenedSession(null, new ConnectOutcome.Unavailable(dialled.Failure!), false)
            : await GreetAsync(relay, dialled.Socket, seen, limit.Token);
        if (opened.Session is null)
        {
            stop.ThrowIfCancellationRequested();
            Log(relay, opened.Failure!);
            return opened;
        }

        SmtpLog.Connected(_logger, relay.Id, (long)_clock.GetElapsedTime(startedAt).TotalMilliseconds, opened.Secure, relay.UserName is not null);
        return opened;
    }

    private async Task<OpenedSession> GreetAsync(Relay relay, Socket socket, Action<X509Certificate>? seen, CancellationToken limit)
    {
        var stream = new RelayStream(socket, relay.CommandTimeout, relay.FinalReplyTimeout);
        var client = NewClient(relay, socket);
        if (seen is not null)
            client.ServerCertificateValidationCallback = Showing(client.ServerCertificateValidationCallback, seen);
        var loggingIn = false;
        try
        {
            await client.ConnectAsync(stream, relay.Host, relay.Port, Security(relay), limit);
            loggingIn = true;
            await LogInAsync(relay, client, limit);
            return new OpenedSession(new RelaySession(relay, client, stream, _signer), null, client.IsSecure);
        }
        catch (Exception e)
        {
            client.Dispose();
            await stream.DisposeAsync();
            if (!ConnectReasons.Knows(e))
                throw;
            return new OpenedSession(null, ConnectReasons.Sort(relay, e, loggingIn), false);
        }
    }

    private static async Task LogInAsync(Relay relay, FinishedBytesClient client, CancellationToken limit)
    {
        if (relay.UserName is null)
            return;
        // Over TLS the plainest mechanism is as good as any, and a wrong password counts once with the relay, not once a mechanism.
        if (client.IsSecure && client.AuthenticationMechanisms.Contains("PLAIN"))
            client.AuthenticationMechanisms.RemoveWhere(mechanism => mechanism != "PLAIN");
        await client.AuthenticateAsync(Encoding.UTF8, new NetworkCredential(relay.UserName, relay.Password ?? ""), limit);
    }

    private FinishedBytesClient NewClient(Relay relay, Socket socket)
    {
        var client = new FinishedBytesClient(ProtocolLog(relay), relay.UseChunking) { LocalDomain = HeloName(relay, socket) };
        if (relay.AcceptAnyCertificate)
        {
#pragma warning disable CA5359, MA0039 // The operator asked for it, for a relay on a trusted network.
            client.ServerCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }

        return client;
    }

    // Whatever is accepted without a look is accepted with one.
    private static RemoteCertificateValidationCallback Showing(RemoteCertificateValidationCallback? accepts, Action<X509Certificate> seen) =>
        (sender, certificate, chain, errors) =>
        {
            if (certificate is not null)
                seen(certificate);
            return accepts?.Invoke(sender, certificate, chain, errors) ?? errors == SslPolicyErrors.None;
        };

    private string HeloName(Relay relay, Socket socket) =>
        relay.HeloName ?? (socket.RemoteEndPoint is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address) ? "localhost" : _heloName);

    private IProtocolLogger ProtocolLog(Relay relay)
    {
        if (_protocolLogFolder is null)
            return new NullProtocolLogger();
        var number = Interlocked.Increment(ref _protocolLogs);
        return new ProtocolLogger(Path.Combine(_protocolLogFolder, $"smtp-{relay.Id}-{Environment.ProcessId}-{number}.log"));
    }

    private void Log(Relay relay, ConnectOutcome failure)
    {
        if (failure is ConnectOutcome.Unavailable unavailable)
            SmtpLog.Unavailable(_logger, relay.Id, unavailable.Reason);
        else
            SmtpLog.LogInRefused(_logger, relay.Id);
    }

    private static SecureSocketOptions Security(Relay relay) => relay.Security switch
    {
        RelaySecurity.None => SecureSocketOptions.None,
        RelaySecurity.StartTls => SecureSocketOptions.StartTls,
        RelaySecurity.ImplicitTls => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTlsWhenAvailable,
    };
}

/// <summary>Either a session or why there is none.</summary>
internal readonly record struct OpenedSession(RelaySession? Session, ConnectOutcome? Failure, bool Secure);
