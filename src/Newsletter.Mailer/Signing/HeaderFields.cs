using System.Text;

namespace Newsletter.Mailer.Signing;

/// <summary>Where a header field stands in a block: the name before the colon, and what is behind it up to its closing CRLF.</summary>
internal readonly record struct FieldAt(int Start, int Colon, int End);

/// <summary>A header block, cut into fields without copying, and put into the form that is signed.</summary>
internal static class HeaderFields
{
    /// <summary>The fields of a block that ends in an empty line, or in its last field's CRLF.</summary>
    public static List<FieldAt> Of(ReadOnlySpan<byte> block)
    {
        var fields = new List<FieldAt>(32);
        for (var start = 0; start < block.Length && block[start] != (byte)'\r';)
        {
            var end = End(block, start);
            var colon = block[start..end].IndexOf((byte)':');
            if (colon > 0)
                fields.Add(new FieldAt(start, start + colon, end));
            start = end + 2;
        }

        return fields;
    }

    /// <summary>Name of a field, lower case.</summary>
    public static string Name(ReadOnlySpan<byte> block, FieldAt field) => Encoding.ASCII.GetString(block[field.Start..field.Colon]).TrimEnd().ToLowerInvariant();

    /// <summary>RFC 6376 §3.4.2: the name in lower case, lines joined, white space one space and none at the ends, CRLF behind (unless it is the last).</summary>
    public static void WriteRelaxed(ReadOnlySpan<byte> block, FieldAt field, MemoryStream to, bool last = false)
    {
        foreach (var letter in block[field.Start..field.Colon])
        {
            if (letter is not ((byte)' ' or (byte)'\t'))
                to.WriteByte(letter is >= (byte)'A' and <= (byte)'Z' ? (byte)(letter | 0x20) : letter);
        }

        to.WriteByte((byte)':');
        var (begun, space) = (false, false);
        foreach (var letter in block[(field.Colon + 1)..field.End])
        {
            if (letter is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                space = begun;
                continue;
            }

            if (space)
                to.WriteByte((byte)' ');
            to.WriteByte(letter);
            (begun, space) = (true, false);
        }

        if (!last)
            to.Write("\r\n"u8);
    }

    // A field ends at the CRLF that no white space follows (RFC 5322 §2.2.3).
    private static int End(ReadOnlySpan<byte> block, int start)
    {
        for (var at = start; at < block.Length;)
        {
            var found = block[at..].IndexOf("\r\n"u8);
            if (found < 0)
                return block.Length;
            var end = at + found;
            if (end + 2 >= block.Length || block[end + 2] is not ((byte)' ' or (byte)'\t'))
                return end;
            at = end + 2;
        }

        return block.Length;
    }
}
