using System.Buffers;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// Quoted-printable (RFC 2045 §6.7) in pieces that can be put side by side: each begins at column 0, and one that doesn't end in a line break
/// ends in a soft one, so that no neighbour ever changes how a piece is wrapped.
/// </summary>
internal static class QuotedPrintable
{
    /// <summary>Longest encoded line, its closing <c>=</c> included.</summary>
    private const int MaxLine = 76;

    /// <summary>Encodes UTF-8 text with LF line ends; every line written ends in CRLF.</summary>
    public static void Encode(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        var line = new Line(output);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\n')
                line.Break();
            else if (MustEncode(text, i, line.Column))
                line.WriteEncoded(text[i]);
            else
                line.Write(text[i]);
        }

        line.End();
    }

    private static bool MustEncode(ReadOnlySpan<byte> text, int at, int column) => text[at] switch
    {
        // A dot alone would end the message (RFC 5321 §4.5.2); "From " would gain a ">" in mailboxes.
        (byte)'.' => column == 0,
        (byte)'F' => column == 0 && text[at..].StartsWith("From "u8),
        (byte)'=' => true,
        // White space at the end of a line is lost on the way (RFC 2045 §6.7 rule 3).
        (byte)' ' or (byte)'\t' => at + 1 < text.Length && text[at + 1] == (byte)'\n',
        var b => b is < 33 or > 126,
    };

    private ref struct Line(IBufferWriter<byte> output)
    {
        public int Column { get; private set; }

        public void Write(byte b)
        {
            MakeRoom(1);
            output.Write([b]);
            Column++;
        }

        public void WriteEncoded(byte b)
        {
            MakeRoom(3);
            output.Write([(byte)'=', Hex(b >> 4), Hex(b & 15)]);
            Column += 3;
        }

        public void Break()
        {
            output.Write("\r\n"u8);
            Column = 0;
        }

        public void End()
        {
            if (Column == 0)
                return;
            output.Write("=\r\n"u8);
            Column = 0;
        }

        private void MakeRoom(int width)
        {
            if (Column + width > MaxLine - 1)
                End();
        }

        private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'A' + digit - 10);
    }
}
