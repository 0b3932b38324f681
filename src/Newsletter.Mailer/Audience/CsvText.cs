using System.Text;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// The text of a CSV file of any size: decoded by its byte order mark (UTF-8 where it has none), looked at before it is parsed, and cut
/// off where a row doesn't end, so that no quotation mark left open can fill the memory.
/// </summary>
internal sealed class CsvText : TextReader
{
    /// <summary>Characters a row may have, about.</summary>
    public const int MaxRowLength = 1_000_000;

    private const int HeadLength = 16_384;
    private const int BlockLength = 65_536;

    private readonly CountedStream bytes;
    private readonly StreamReader decoded;
    private readonly CancellationToken stop;
    private readonly char[] head = new char[HeadLength];
    private int headLength;
    private int headPosition;
    private int sinceRow;

    private CsvText(Stream stream, CancellationToken stop)
    {
        this.stop = stop;
        bytes = new CountedStream(stream);
        decoded = new StreamReader(bytes, new UTF8Encoding(), detectEncodingFromByteOrderMarks: true, BlockLength, leaveOpen: true);
    }

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => bytes.BytesRead;

    /// <summary>The text's beginning.</summary>
    public ReadOnlySpan<char> Head => head.AsSpan(0, headLength);

    /// <summary>True once a row went on beyond <see cref="MaxRowLength"/>: the text ends there.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>Reads the beginning. The stream stays the caller's. The token holds for all later reading: the parser passes none.</summary>
    public static async Task<CsvText> OpenAsync(Stream stream, CancellationToken stop)
    {
        var text = new CsvText(stream, stop);
        int read;
        while (text.headLength < HeadLength
               && (read = await text.decoded.ReadAsync(text.head.AsMemory(text.headLength), stop)) > 0) text.headLength += read;
        return text;
    }

    /// <summary>Passes over the first characters, which say how to read the rest.</summary>
    public void Skip(int characters) => headPosition = Math.Min(characters, headLength);

    /// <summary>To be told after each row.</summary>
    public void EndRow() => sinceRow = 0;

    public override int Read(char[] buffer, int index, int count) => throw new NotSupportedException("It is read asynchronously only.");

    public override Task<int> ReadAsync(char[] buffer, int index, int count) => ReadAsync(buffer.AsMemory(index, count)).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
    {
        if (sinceRow > MaxRowLength) IsCutOff = true;
        if (IsCutOff) return 0;
        int read;
        if (headPosition < headLength)
        {
            read = Math.Min(buffer.Length, headLength - headPosition);
            head.AsMemory(headPosition, read).CopyTo(buffer);
            headPosition += read;
        }
        else read = await decoded.ReadAsync(buffer, stop);

        sinceRow += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) decoded.Dispose();
        base.Dispose(disposing);
    }

    private sealed class CountedStream(Stream inner) : Stream
    {
        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => BytesRead;
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            BytesRead += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
