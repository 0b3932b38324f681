using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>
/// Takes every message and forgets it, for as little of the processor as it can; if so asked like a relay far away, so that everything it says arrives a
/// while later. Commands that come together (PIPELINING) are answered together, as over a long line.
/// </summary>
internal sealed class OwnSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly TimeSpan _delay;
    private readonly bool _chunking;
    private readonly Task _accepting;

    private OwnSink(TimeSpan delay, bool chunking)
    {
        (_delay, _chunking) = (delay, chunking);
        _listener.Start(1000);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static OwnSink Start(TimeSpan delay, bool chunking) => new(delay, chunking);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        using var stream = new NetworkStream(socket, ownsSocket: true);
        var session = new Session(PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024)), _chunking);
        try
        {
            await SayAsync(stream, "220 sink.test ESMTP\r\n");
            while (!session.Ended)
            {
                if (await session.AnswerAsync(_closing.Token) is { Length: > 0 } answers)
                    await SayAsync(stream, answers);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The sender hung up, or the benchmark is over.
        }
    }

    private async Task SayAsync(NetworkStream stream, string text)
    {
        if (_delay > TimeSpan.Zero)
            await Task.Delay(_delay, _closing.Token);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _closing.Token);
    }

    /// <summary>One conversation. Every command is right: this measures, it doesn't check.</summary>
    private sealed class Session(PipeReader input, bool chunking)
    {
        private static readonly byte[] EndOfMessage = "\r\n.\r\n"u8.ToArray();

        private bool _inMessage;
        private long _chunkLeft;

        public bool Ended { get; private set; }

        /// <summary>Reads what has come and says what is to be answered to it.</summary>
        public async Task<string> AnswerAsync(CancellationToken stop)
        {
            var read = await input.ReadAsync(stop);
            var rest = read.Buffer;
            var answers = new StringBuilder();
            while (Take(ref rest, answers))
            {
            }

            Ended |= read.IsCompleted;
            input.AdvanceTo(rest.Start, rest.End);
            return answers.ToString();
        }

        private bool Take(ref ReadOnlySequence<byte> rest, StringBuilder answers)
        {
            if (_chunkLeft > 0)
                return TakeChunk(ref rest, answers);
            if (_inMessage)
                return TakeMessage(ref rest, answers);
            var reader = new SequenceReader<byte>(rest);
            if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
                return false;
            rest = rest.Slice(reader.Position);
            answers.Append(Answer(Encoding.ASCII.GetString(line).TrimEnd('\r')));
            return true;
        }

        private bool TakeChunk(ref ReadOnlySequence<byte> rest, StringBuilder answers)
        {
            var taken = Math.Min(_chunkLeft, rest.Length);
            rest = rest.Slice(taken);
            _chunkLeft -= taken;
            if (_chunkLeft == 0)
                answers.Append("250 2.0.0 Ok\r\n");
            return taken > 0;
        }

        private bool TakeMessage(ref ReadOnlySequence<byte> rest, StringBuilder answers)
        {
            var reader = new SequenceReader<byte>(rest);
            if (!reader.TryReadTo(out ReadOnlySequence<byte> _, EndOfMessage))
            {
                // All but what may be the beginning of the end is done with.
                rest = rest.Slice(Math.Max(0, rest.Length - EndOfMessage.Length + 1));
                return false;
            }

            rest = rest.Slice(reader.Position);
            _inMessage = false;
            answers.Append("250 2.0.0 Ok\r\n");
            return true;
        }

        private string Answer(string line)
        {
            var verb = line.Split(' ')[0].ToUpperInvariant();
            switch (verb)
            {
                case "EHLO":
                    return $"250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n{(chunking ? "250-CHUNKING\r\n" : "")}250 ENHANCEDSTATUSCODES\r\n";
                case "DATA":
                    _inMessage = true;
                    return "354 Go on\r\n";
                case "BDAT":
                    _chunkLeft = long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
                    return "";
                case "QUIT":
                    Ended = true;
                    return "221 2.0.0 Bye\r\n";
                default:
                    return "250 2.0.0 Ok\r\n";
            }
        }
    }
}
