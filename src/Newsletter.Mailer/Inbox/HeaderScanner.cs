using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>Finds one header in the raw bytes of a message (RFC 5322 §2.2), without parsing the rest.</summary>
internal static class HeaderScanner
{
    /// <summary>The value of the first header of that name, unfolded and trimmed, at most 998 bytes; empty when missing.</summary>
    public static byte[] Find(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        while (message.Length > 0)
        {
            var line = Line(message, out var next);
            if (line.IsEmpty)
                return [];

            if (line.Length > name.Length && line[name.Length] == ':' && Ascii.EqualsIgnoreCase(line[..name.Length], name))
                return Unfold(line[(name.Length + 1)..], message[next..]);

            message = message[next..];
        }

        return [];
    }

    private static byte[] Unfold(ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        Span<byte> value = stackalloc byte[998];
        var length = Append(value, 0, first);
        while (rest.Length > 0 && rest[0] is (byte)' ' or (byte)'\t')
        {
            length = Append(value, length, Line(rest, out var next));
            rest = rest[next..];
        }

        var text = value[..length].Trim(" \t"u8).ToArray();
        for (var i = 0; i < text.Length; i++)
        {
            // The log separates its fields by what can't stand in them.
            if (text[i] < ' ')
                text[i] = (byte)' ';
        }

        return text;
    }

    private static int Append(Span<byte> value, int length, ReadOnlySpan<byte> more)
    {
        more = more[..Math.Min(more.Length, value.Length - length)];
        more.CopyTo(value[length..]);
        return length + more.Length;
    }

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> bytes, out int next)
    {
        var end = bytes.IndexOf((byte)'\n');
        next = end < 0 ? bytes.Length : end + 1;
        var line = end < 0 ? bytes : bytes[..end];
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }
}
