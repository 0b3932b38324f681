using System.Buffers;
using System.Globalization;
using System.Net.Sockets;

namespace Newsletter.Mailer.Smtp;

/// <summary>
/// The bottom of a session: a buffer over our own NoDelay socket. It merges the small writes of the layers above,
/// enforces the time-outs itself (MailKit's do nothing over a stream in asynchronous calls), and knows whether the
/// last byte of a message has left. Used by one caller at a time.
/// </summary>
internal sealed class RelayStream : Stream
{
    private const int BufferSize = 64 * 1024;

    private readonly Socket _socket;
    private readonly TimeSpan _commandTimeout;
    private readonly TimeSpan _finalReplyTimeout;
    private CancellationTokenSource _timer = new();
    private TimeSpan _limit;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _pending;
    private bool _messageWritten;

    public RelayStream(Socket socket, TimeSpan commandTimeout, TimeSpan finalReplyTimeout)
    {
        _socket = socket;
        _commandTimeout = _limit = commandTimeout;
        _finalReplyTimeout = finalReplyTimeout;
    }

    /// <summary>
    /// Whether the network took the last byte of the message (the dot's line, or the end of the last chunk): from there
    /// on the relay may have accepted it, whatever becomes of the connection. A send that fails or is cut short leaves
    /// it false: what the kernel did not take, the relay cannot have.
    /// </summary>
    public bool EndOfMessageSent { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A new transaction begins: nothing of its message has been written.</summary>
    public void BeginMessage()
    {
        EndOfMessageSent = false;
        _messageWritten = false;
    }

    /// <summary>The whole message is on its way through the layers above; what ends it goes with the next flush.</summary>
    public void MessageWritten() => _messageWritten = true;

    /// <summary>Something arrived that nobody asked for: an end of the connection, or a 421 that announces it.</summary>
    public bool HasUnaskedInput() => _socket.Poll(0, SelectMode.SelectRead);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        while (!source.IsEmpty)
        {
            // The newest byte always stays here until a flush: so no write sends the end of a message unnoticed.
            if (_pending == Buffer.Length)
                await SendPendingAsync(cancellationToken);
            source = source[Take(source.Span)..];
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            if (_pending == Buffer.Length)
                SendPending();
            source = source[Take(source)..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_pending == 0)
            return;
        await SendPendingAsync(cancellationToken);
        NoticeEndOfMessage();
    }

    public override void Flush()
    {
        if (_pending == 0)
            return;
        SendPending();
        NoticeEndOfMessage();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        // MailKit doesn't flush where a chunk ends on its own block's boundary: whoever waits for an answer has sent all.
        await FlushAsync(cancellationToken);
        var stop = cancellationToken.CanBeCanceled ? cancellationToken : _timer.Token;
        try
        {
            return await _socket.ReceiveAsync(destination, SocketFlags.None, stop);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            throw Failed(e, cancellationToken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> destination)
    {
        Flush();
        try
        {
            _socket.ReceiveTimeout = Milliseconds(_limit);
            return _socket.Receive(destination);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw e is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock } ? Silent(e) : Failed(e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            _socket.Dispose();
            _timer.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        base.Dispose(disposing);
    }

    private byte[] Buffer => _buffer ?? throw new IOException("the connection is closed");

    private int Take(ReadOnlySpan<byte> source)
    {
        var count = Math.Min(source.Length, Buffer.Length - _pending);
        source[..count].CopyTo(Buffer.AsSpan(_pending));
        _pending += count;
        return count;
    }

    private async ValueTask SendPendingAsync(CancellationToken cancellationToken)
    {
        StartTimer(_commandTimeout);
        var stop = cancellationToken.CanBeCanceled ? cancellationToken : _timer.Token;
        try
        {
            for (var sent = 0; sent < _pending;)
                sent += await _socket.SendAsync(Buffer.AsMemory(sent, _pending - sent), SocketFlags.None, stop);
            _pending = 0;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            throw Failed(e, cancellationToken);
        }
    }

    private void SendPending()
    {
        StartTimer(_commandTimeout);
        try
        {
            _socket.SendTimeout = Milliseconds(_limit);
            for (var sent = 0; sent < _pending;)
                sent += _socket.Send(Buffer.AsSpan(sent, _pending - sent));
            _pending = 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw e is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock } ? Silent(e) : Failed(e);
        }
    }

    private void NoticeEndOfMessage()
    {
        if (!_messageWritten)
            return;
        _messageWritten = false;
        EndOfMessageSent = true;
        // RFC 5321 §4.5.3.2.6, RFC 1047: giving up on the reply to the dot early makes duplicates.
        StartTimer(_finalReplyTimeout);
    }

    /// <summary>Sending and the whole of the answer to what was sent share one limit, however slowly it trickles in.</summary>
    private void StartTimer(TimeSpan limit)
    {
        if (!_timer.TryReset())
        {
            _timer.Dispose();
            _timer = new CancellationTokenSource();
        }

        _limit = limit;
        _timer.CancelAfter(limit);
    }

    private Exception Failed(Exception e, CancellationToken asked = default) => e switch
    {
        OperationCanceledException when asked.IsCancellationRequested => e,
        OperationCanceledException => Silent(e),
        SocketException socket => new IOException(Words(socket.SocketErrorCode), e),
        _ => new IOException("the connection is closed", e),
    };

    private IOException Silent(Exception e) => new($"it was silent for {Words(_limit)}", e);

    private static string Words(SocketError error) => error switch
    {
        SocketError.ConnectionReset or SocketError.Shutdown => "it closed the connection",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.TimedOut => "the network no longer reaches it",
        _ => $"the connection broke ({error})",
    };

    internal static string Words(TimeSpan time) => time switch
    {
        { TotalMinutes: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} minutes"),
        { TotalSeconds: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} seconds"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
    };

    private static int Milliseconds(TimeSpan time) => (int)Math.Min(time.TotalMilliseconds, int.MaxValue);
}
