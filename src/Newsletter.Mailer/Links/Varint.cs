namespace Newsletter.Mailer.Links;

/// <summary>Non-negative integers in base 128, least significant group first: ids stay short in links.</summary>
internal static class Varint
{
    /// <summary>Bytes that the largest <see cref="long"/> takes.</summary>
    public const int MaxLength = 9;

    public static int Write(Span<byte> to, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            to[length++] = (byte)(value | 0x80);
        to[length++] = (byte)value;
        return length;
    }

    public static bool TryRead(ref ReadOnlySpan<byte> from, out long value)
    {
        value = 0;
        for (var i = 0; i < from.Length && i < MaxLength; i++)
        {
            value |= (long)(from[i] & 0x7f) << (7 * i);
            if ((from[i] & 0x80) != 0)
                continue;
            from = from[(i + 1)..];
            return true;
        }

        return false;
    }
}
