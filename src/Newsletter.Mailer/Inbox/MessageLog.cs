using System.Security.Cryptography;

namespace Newsletter.Mailer.Inbox;

/// <summary>One message as the log takes it: raw bytes, no objects.</summary>
internal readonly ref struct LogEntry
{
    public required long ReceivedAt { get; init; }

    public required long Size { get; init; }

    public required ReadOnlySpan<byte> Sha256 { get; init; }

    public required ReadOnlySpan<byte> Sender { get; init; }

    /// <summary>Separated by line feeds.</summary>
    public required ReadOnlySpan<byte> Recipients { get; init; }

    public required ReadOnlySpan<byte> MessageId { get; init; }

    public required ReadOnlySpan<byte> Subject { get; init; }
}

/// <summary>
/// Every message that arrived, in about 100 bytes each: records in pages of 8 KB, each text stored as what differs from
/// the record before (front coding, at both ends), which leaves of an issue's messages little but hash and token.
/// One writer at a time; pages only grow, so a snapshot can be read beside it.
/// </summary>
internal sealed class MessageLog
{
    private const int PageBytes = 8192;

    private readonly List<LogPage> pages = [];
    private readonly FrontCoder texts = new();
    private long lastReceivedAt;

    public long Count { get; private set; }

    public void Append(in LogEntry entry)
    {
        var bound = 64 + SHA256.HashSizeInBytes + entry.Sender.Length + entry.Recipients.Length + entry.MessageId.Length + entry.Subject.Length;
        if (pages.Count == 0 || pages[^1].Bytes.Length - pages[^1].Used < bound)
            BeginPage(bound);

        var page = pages[^1];
        var writer = new LogWriter(page.Bytes, page.Used);
        writer.Signed(entry.ReceivedAt - lastReceivedAt);
        writer.Unsigned((ulong)entry.Size);
        writer.Raw(entry.Sha256);
        texts.Write(ref writer, 0, entry.Sender);
        texts.Write(ref writer, 1, entry.Recipients);
        texts.Write(ref writer, 2, entry.MessageId);
        texts.Write(ref writer, 3, entry.Subject);
        page.Used = writer.Position;
        page.Count++;
        lastReceivedAt = entry.ReceivedAt;
        Count++;
    }

    /// <summary>What is there now.</summary>
    public LogSnapshot Snapshot() => new([.. pages.Select(page => new LogSlice(page.Bytes, page.First, page.Count))]);

    private void BeginPage(int bound)
    {
        pages.Add(new LogPage(GC.AllocateUninitializedArray<byte>(Math.Max(PageBytes, bound)), Count + 1));
        texts.Begin();
        lastReceivedAt = 0;
    }

    private sealed class LogPage(byte[] bytes, long first)
    {
        public byte[] Bytes => bytes;

        public long First => first;

        public int Used { get; set; }

        public int Count { get; set; }
    }
}

/// <summary>The records of a page that were there when a snapshot was taken.</summary>
/// <param name="Bytes">The page; what lies beyond the records may still change.</param>
/// <param name="First">The number of its first record.</param>
/// <param name="Count">How many records.</param>
internal readonly record struct LogSlice(byte[] Bytes, long First, int Count)
{
    public long Last => First + Count - 1;
}

/// <summary>The log as it was at a moment.</summary>
internal sealed class LogSnapshot(LogSlice[] slices)
{
    public long Count => slices.Length == 0 ? 0 : slices[^1].Last;

    /// <summary>Every slice, oldest first, from the one that holds record <paramref name="from"/>.</summary>
    public IEnumerable<LogSlice> Forwards(long from = 1) => slices.SkipWhile(slice => slice.Last < from);

    /// <summary>Every slice, newest first, from the one that holds record <paramref name="from"/>.</summary>
    public IEnumerable<LogSlice> Backwards(long from) => slices.Reverse().SkipWhile(slice => slice.First > from);
}

/// <summary>Reads the records of a slice in order. The spans hold until the next <see cref="Read"/>.</summary>
internal sealed class LogReader
{
    private readonly FrontCoder texts = new();
    private readonly LogSlice slice;
    private int position;
    private int read;

    public LogReader(LogSlice slice)
    {
        this.slice = slice;
        Number = slice.First - 1;
    }

    public long Number { get; private set; }

    public long ReceivedAt { get; private set; }

    public long Size { get; private set; }

    public ReadOnlyMemory<byte> Sha256 { get; private set; }

    public ReadOnlySpan<byte> Sender => texts[0];

    public ReadOnlySpan<byte> Recipients => texts[1];

    public ReadOnlySpan<byte> MessageId => texts[2];

    public ReadOnlySpan<byte> Subject => texts[3];

    public bool Read()
    {
        if (read == slice.Count)
            return false;

        var reader = new LogCursor(slice.Bytes, position);
        ReceivedAt += reader.Signed();
        Size = (long)reader.Unsigned();
        Sha256 = slice.Bytes.AsMemory(reader.Position, SHA256.HashSizeInBytes);
        reader.Position += SHA256.HashSizeInBytes;
        for (var field = 0; field < FrontCoder.Fields; field++)
            texts.Read(ref reader, field);

        position = reader.Position;
        read++;
        Number++;
        return true;
    }
}
