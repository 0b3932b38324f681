namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Writes a text as the lengths of what it shares with the one before at its beginning and at its end, and the bytes between;
/// and reads it back.
/// </summary>
internal sealed class FrontCoder
{
    public const int Fields = 4;

    private readonly byte[][] last = [[], [], [], []];
    private readonly int[] lengths = new int[Fields];

    public ReadOnlySpan<byte> this[int field] => last[field].AsSpan(0, lengths[field]);

    /// <summary>Forgets what came before, so that reading can begin here.</summary>
    public void Begin() => Array.Clear(lengths);

    public void Write(ref LogWriter writer, int field, ReadOnlySpan<byte> text)
    {
        var before = this[field];
        var head = before.CommonPrefixLength(text);
        var tail = CommonSuffixLength(before[head..], text[head..]);
        var middle = text[head..^tail];
        writer.Unsigned((ulong)head);
        writer.Unsigned((ulong)tail);
        writer.Unsigned((ulong)middle.Length);
        writer.Raw(middle);
        Replace(field, head, middle, tail);
    }

    public void Read(ref LogCursor cursor, int field)
    {
        var head = (int)cursor.Unsigned();
        var tail = (int)cursor.Unsigned();
        var middle = (int)cursor.Unsigned();
        Replace(field, head, cursor.Bytes.AsSpan(cursor.Position, middle), tail);
        cursor.Position += middle;
    }

    private static int CommonSuffixLength(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var most = Math.Min(a.Length, b.Length);
        var length = 0;
        while (length < most && a[^(length + 1)] == b[^(length + 1)])
            length++;
        return length;
    }

    private void Replace(int field, int head, ReadOnlySpan<byte> middle, int tail)
    {
        var length = head + middle.Length + tail;
        if (last[field].Length < length)
            Array.Resize(ref last[field], length);

        var text = last[field];
        text.AsSpan(lengths[field] - tail, tail).CopyTo(text.AsSpan(head + middle.Length));
        middle.CopyTo(text.AsSpan(head));
        lengths[field] = length;
    }
}

/// <summary>Writes numbers of variable length (LEB128) and bytes into a page that is known to have room.</summary>
internal ref struct LogWriter(byte[] page, int position)
{
    public int Position { get; private set; } = position;

    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            page[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        page[Position++] = (byte)value;
    }

    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(page.AsSpan(Position));
        Position += bytes.Length;
    }
}

/// <summary>Reads what <see cref="LogWriter"/> wrote.</summary>
internal ref struct LogCursor(byte[] page, int position)
{
    public byte[] Bytes => page;

    public int Position { get; set; } = position;

    public ulong Unsigned()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = page[Position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}
