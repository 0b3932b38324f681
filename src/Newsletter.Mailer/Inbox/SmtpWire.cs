using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Unicode;

namespace Newsletter.Mailer.Inbox;

/// <summary>How a line of the client ended.</summary>
internal enum LineEnd
{
    Complete,
    TooLong,
    BareLineFeed,
    Closed,
}

/// <summary>A line of the client; its text holds until the next read.</summary>
internal readonly record struct WireLine(LineEnd End, ReadOnlyMemory<byte> Text);

/// <summary>
/// The bytes of one connection: read in large pieces, replies gathered and written together when there is nothing left to
/// answer, so that pipelined commands cost one write (RFC 2920 §3.2).
/// </summary>
internal sealed class SmtpWire : IDisposable
{
    private const int InputBytes = 64 * 1024;

    private readonly Socket socket;
    private readonly Deadline deadline;
    private readonly ArrayBufferWriter<byte> output = new(1024);
    private readonly byte[] input = ArrayPool<byte>.Shared.Rent(InputBytes);
    private Stream stream;
    private int start;
    private int end;

    public SmtpWire(Socket socket, Deadline deadline)
    {
        this.socket = socket;
        this.deadline = deadline;
        stream = new NetworkStream(socket, ownsSocket: false);
    }

    /// <summary>What arrived and wasn't consumed yet.</summary>
    public ReadOnlySpan<byte> Buffered => input.AsSpan(start, end - start);

    public bool HasInput => end > start;

    public bool IsSecured => stream is SslStream;

    public void Consume(int bytes) => start += bytes;

    /// <summary>Writes what is due, then waits for more.</summary>
    /// <returns>False when the client has closed.</returns>
    public async ValueTask<bool> FillAsync()
    {
        await FlushAsync();
        if (start > 0)
        {
            Buffered.CopyTo(input);
            end -= start;
            start = 0;
        }

        var read = await stream.ReadAsync(input.AsMemory(end, InputBytes - end), deadline.Restart());
        end += read;
        return read > 0;
    }

    /// <summary>The next line, without its end.</summary>
    public async ValueTask<WireLine> ReadLineAsync(int limit)
    {
        for (var scanned = 0; ;)
        {
            var at = Buffered[scanned..].IndexOf((byte)'\n');
            if (at >= 0)
                return TakeLine(scanned + at, limit);

            scanned = end - start;
            if (scanned > limit + 2)
                return await SkipLineAsync();

            if (!await FillAsync())
                return new WireLine(LineEnd.Closed, default);
        }
    }

    public void Write(InboxReply reply, bool enhanced)
    {
        var lines = reply.Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = output.GetSpan(lines[i].Length * 3 + 32);
            var mark = i == lines.Length - 1 ? ' ' : '-';
            var status = enhanced && reply.Enhanced is not null ? $"{reply.Enhanced} " : "";
            Utf8.TryWrite(line, $"{reply.Code}{mark}{status}{lines[i]}\r\n", out var written);
            output.Advance(written);
        }
    }

    /// <summary>Writes what is due one byte at a time.</summary>
    public async Task TrickleAsync(TimeSpan pace, TimeProvider clock, CancellationToken stop)
    {
        for (var i = 0; i < output.WrittenCount; i++)
        {
            await stream.WriteAsync(output.WrittenMemory.Slice(i, 1), deadline.Restart());
            await Task.Delay(pace, clock, stop);
        }

        output.ResetWrittenCount();
    }

    public ValueTask FlushAsync() => output.WrittenCount == 0 ? ValueTask.CompletedTask : FlushAsync(deadline.Restart());

    /// <summary>Says a last word where the deadline has passed: within a second or not at all.</summary>
    public async Task FarewellAsync(InboxReply reply, bool enhanced)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        output.ResetWrittenCount();
        Write(reply, enhanced);
        await FlushAsync(patience.Token);
    }

    /// <summary>Goes on in TLS.</summary>
    public async Task SecureAsync(X509Certificate2 certificate)
    {
        await FlushAsync();
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        var options = new SslServerAuthenticationOptions { ServerCertificate = certificate };
        stream = secured;
        await secured.AuthenticateAsServerAsync(options, deadline.Restart());
    }

    /// <summary>Throws away what arrives, without an end in time, until the client closes.</summary>
    public async Task SwallowAsync(CancellationToken stop)
    {
        do
            start = end = 0;
        while (await (stream.ReadAsync(input.AsMemory(0, InputBytes), stop)) is > 0);
    }

    /// <summary>
    /// Closes so that the last reply arrives: closing with bytes unread would reset the connection and take the reply along.
    /// </summary>
    public async Task CloseAsync()
    {
        await FlushAsync();
        if (stream is SslStream secured)
            await secured.ShutdownAsync();
        socket.Shutdown(SocketShutdown.Send);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            while (await socket.ReceiveAsync(input.AsMemory(0, InputBytes), patience.Token) > 0)
                start = end = 0;
        }
        catch (OperationCanceledException)
        {
            // The client doesn't close its side; ours is closed now.
        }
    }

    /// <summary>Makes the coming close a TCP reset.</summary>
    public void ResetOnClose() => socket.LingerState = new LingerOption(true, 0);

    public void Dispose()
    {
        // The socket first: a dropped connection must not get a polite end of TLS.
        socket.Dispose();
        stream.Dispose();
        ArrayPool<byte>.Shared.Return(input);
    }

    private async ValueTask FlushAsync(CancellationToken stop)
    {
        await stream.WriteAsync(output.WrittenMemory, stop);
        output.ResetWrittenCount();
    }

    private WireLine TakeLine(int feed, int limit)
    {
        var line = input.AsMemory(start, feed);
        start += feed + 1;
        if (line.IsEmpty || line.Span[^1] != '\r')
            return new WireLine(LineEnd.BareLineFeed, default);

        return line.Length - 1 > limit ? new WireLine(LineEnd.TooLong, default) : new WireLine(LineEnd.Complete, line[..^1]);
    }

    private async ValueTask<WireLine> SkipLineAsync()
    {
        while (true)
        {
            var feed = Buffered.IndexOf((byte)'\n');
            Consume(feed < 0 ? end - start : feed + 1);
            if (feed >= 0)
                return new WireLine(LineEnd.TooLong, default);

            if (!await FillAsync())
                return new WireLine(LineEnd.Closed, default);
        }
    }
}
