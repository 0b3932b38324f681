using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// The built-in inbox: an SMTP server (RFC 5321) on loopback that takes whatever it is sent and delivers it nowhere,
/// for demo, development and tests. It behaves, or misbehaves as its <see cref="FaultScript"/> says.
/// </summary>
public sealed class InboxServer : IAsyncDisposable
{
    private readonly InboxOptions options;
    private readonly SessionContext shared;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<int, Task> connections = new();
    private readonly X509Certificate2? certificate;
    private FaultRun faults;
    private Socket? listener;
    private Task accepting = Task.CompletedTask;
    private int opened;
    private int messages;
    private int failures;

    /// <summary>Prepares an inbox; <see cref="StartAsync"/> opens it.</summary>
    /// <param name="options">Checked here, and not to be changed afterwards.</param>
    /// <param name="script">What is to go wrong; null: nothing.</param>
    /// <param name="clock">The clock of arrivals, idle time-outs and scripted delays; null: the real one.</param>
    /// <param name="log">Gets numbers, never addresses.</param>
    /// <exception cref="ValidationException">An option is out of range, or the address isn't loopback; the message names it.</exception>
    public InboxServer(InboxOptions options, FaultScript? script = null, TimeProvider? clock = null, ILogger<InboxServer>? log = null)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        this.options = options;
        faults = new FaultRun(script ?? FaultScript.None);
        certificate = options.StartTls || options.ImplicitTls ? InboxCertificate.Create(options.HostName) : null;
        var pool = new SegmentPool((int)(options.KeptBodyBytes / SegmentPool.SegmentBytes) + 1024);
        Messages = new ReceivedMessages(new KeptBodies(pool, options.KeptBodies, options.KeptBodyBytes));
        shared = new SessionContext(
            options,
            clock ?? TimeProvider.System,
            log ?? NullLogger<InboxServer>.Instance,
            Messages,
            pool,
            certificate,
            () => Volatile.Read(ref faults),
            () => Interlocked.Increment(ref messages));
    }

    /// <summary>What arrived.</summary>
    public ReceivedMessages Messages { get; }

    /// <summary>Where it listens.</summary>
    /// <exception cref="InvalidOperationException">It wasn't started.</exception>
    public IPEndPoint EndPoint { get; private set => field = value; } = new(IPAddress.None, 0);

    /// <summary>The port it listens on; 0 before the start.</summary>
    public int Port => EndPoint.Port;

    /// <summary>The certificate it shows, for a client to trust; null without TLS.</summary>
    public X509Certificate2? Certificate => certificate;

    /// <summary>Connections there were, refused ones included.</summary>
    public int ConnectionsOpened => Volatile.Read(ref opened);

    /// <summary>Connections there are.</summary>
    public int ConnectionsOpen => connections.Count;

    /// <summary>Connections that ended by an exception nobody expected: defects of the inbox.</summary>
    internal int Failures => Volatile.Read(ref failures);

    /// <summary>Listens and takes connections from now on.</summary>
    /// <exception cref="InvalidOperationException">The address can't be listened on, or it was started before.</exception>
    public Task StartAsync(CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        if (listener is not null)
            throw new InvalidOperationException("The inbox was started before.");

        var address = IPAddress.Parse(options.Address);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, options.Port));
            socket.Listen(512);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new InvalidOperationException(
                $"The inbox can't listen on {address}:{options.Port} ({refused.SocketErrorCode}). Stop what listens there, or set Inbox:Port to another port, or to 0 for a free one.",
                refused);
        }

        listener = socket;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        InboxLog.Listening(shared.Log, EndPoint);
        accepting = AcceptAsync(socket);
        return Task.CompletedTask;
    }

    /// <summary>Plays another script from the next reply on; its occurrences count from the beginning.</summary>
    public void Play(FaultScript script) => Volatile.Write(ref faults, new FaultRun(script));

    /// <summary>How often the rules of that name (or, unnamed, of that <see cref="FaultPoint"/>) fired in the script being played.</summary>
    public int TimesFired(string rule) => Volatile.Read(ref faults).TimesFired(rule);

    /// <summary>Stops listening, tells open connections and closes them. What arrived stays readable.</summary>
    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
            return;

        await stopping.CancelAsync();
        listener?.Dispose();
        await accepting;
        await Task.WhenAll(connections.Values);
        certificate?.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync(Socket socket)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(stopping.Token);
                client.NoDelay = true;
                Serve(client);
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException lost)
            {
                // The client was gone before it was taken.
                InboxLog.ConnectionLost(shared.Log, Volatile.Read(ref opened) + 1, lost.SocketErrorCode.ToString());
            }
        }
    }

    private void Serve(Socket client)
    {
        var number = Interlocked.Increment(ref opened);
        var refused = connections.Count >= options.MaxConnections;
        // Entered before it runs, or a quick end would leave it in the table.
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connections[number] = ServeAsync(number, client, refused, begin.Task);
        begin.SetResult();
    }

    private async Task ServeAsync(int number, Socket client, bool refused, Task begin)
    {
        await begin;
        try
        {
            using var session = new SmtpSession(number, client, shared, stopping.Token);
            await (refused ? session.RefuseAsync() : session.RunAsync());
        }
        catch (Exception defect)
        {
            Interlocked.Increment(ref failures);
            InboxLog.ConnectionFailed(shared.Log, number, defect);
        }
        finally
        {
            connections.TryRemove(number, out _);
        }
    }
}
