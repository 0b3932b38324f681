using System.Buffers;
using System.Buffers.Text;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// A static run of a base64 part, encoded once for each of the three phases it can begin in: 0, 1 or 2 bytes of what came before it
/// wait for the rest of their group of three. What comes before is a reader's value, so the phase differs from reader to reader.
/// </summary>
internal sealed class Base64Run
{
    private const int BytesOfLine = 57;

    private readonly ReadOnlyMemory<byte>[] _middles;

    public Base64Run(ReadOnlyMemory<byte> raw)
    {
        Raw = raw;
        _middles = [Encode(raw.Span), Encode(raw.Span[Math.Min(2, raw.Length)..]), Encode(raw.Span[Math.Min(1, raw.Length)..])];
    }

    /// <summary>The run itself, unencoded.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>The encoded groups of three that lie wholly in the run, in lines that end in CRLF.</summary>
    /// <param name="pending">Bytes waiting from before, 0 to 2.</param>
    public ReadOnlyMemory<byte> Middle(int pending) => _middles[pending];

    /// <summary>How many of the run's bytes complete the group that waits.</summary>
    public static int HeadLength(int pending) => pending == 0 ? 0 : 3 - pending;

    private static byte[] Encode(ReadOnlySpan<byte> bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteLines(bytes[..(bytes.Length - (bytes.Length % 3))], output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes whole groups of three as lines of at most 76 characters.</summary>
    public static void WriteLines(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        while (bytes.Length > 0)
        {
            var taken = Math.Min(BytesOfLine, bytes.Length);
            var target = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(taken) + 2);
            Base64.EncodeToUtf8(bytes[..taken], target, out _, out var written);
            "\r\n"u8.CopyTo(target[written..]);
            output.Advance(written + 2);
            bytes = bytes[taken..];
        }
    }
}
