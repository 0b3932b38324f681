using System.Text;
using MimeKit;

namespace Newsletter.Mailer.Rendering;

/// <summary>
/// One reader's finished message: segments shared with every other reader and a few of their own, in order, headers first.
/// Lines end in CRLF; dots are not stuffed (the transport's work). Shared segments must never be written to.
/// </summary>
public sealed class FilledMessage
{
    private readonly ReadOnlyMemory<byte>[] _segments;

    /// <param name="segments">All bytes in order.</param>
    /// <param name="requiresSmtpUtf8">See <see cref="RequiresSmtpUtf8"/>.</param>
    /// <param name="headerSegments">How many of the segments are the header block with its closing empty line; 0 where that isn't known.</param>
    public FilledMessage(ReadOnlyMemory<byte>[] segments, bool requiresSmtpUtf8, int headerSegments = 0)
    {
        _segments = segments;
        RequiresSmtpUtf8 = requiresSmtpUtf8;
        HeaderSegments = headerSegments;
        foreach (var segment in segments)
            Length += segment.Length;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Segments => _segments;

    /// <summary>How many of <see cref="Segments"/> are the header block; the rest is the body, which a signer hashes apart.</summary>
    public int HeaderSegments { get; }

    /// <summary>Exact number of bytes, before dot-stuffing.</summary>
    public long Length { get; }

    /// <summary>The address has a non-ASCII local part: only a relay that offers SMTPUTF8 may have it (RFC 6531 §3.4).</summary>
    public bool RequiresSmtpUtf8 { get; }

    /// <summary>No line begins with a dot: there is nothing to stuff (RFC 5321 §4.5.2). So it is with whatever our own rendering encodes.</summary>
    public bool HasNoLeadingDot()
    {
        var atLineStart = true;
        foreach (var segment in _segments)
        {
            var span = segment.Span;
            if (span.IsEmpty)
                continue;
            if ((atLineStart && span[0] == (byte)'.') || span.IndexOf("\n."u8) >= 0)
                return false;
            atLineStart = span[^1] == (byte)'\n';
        }

        return true;
    }

    /// <summary>The header fields in order, as a signer needs them (RFC 6376 §3.4).</summary>
    public IReadOnlyList<FilledHeader> ReadHeaders()
    {
        var block = Join(_segments.AsSpan(0, HeaderSegments));
        var headers = new List<FilledHeader>();
        for (var start = 0; start < block.Length && block[start] != (byte)'\r';)
        {
            var end = FieldEnd(block, start);
            var colon = Array.IndexOf(block, (byte)':', start, end - start);
            headers.Add(new FilledHeader(Encoding.ASCII.GetString(block, start, colon - start), block.AsMemory(colon + 1, end - colon - 1)));
            start = end + 2;
        }

        return headers;
    }

    /// <summary>What a mail client shows of it.</summary>
    public ShownMessage Read()
    {
        using var bytes = new MemoryStream();
        WriteTo(bytes);
        bytes.Position = 0;
        using var message = MimeMessage.Load(bytes);
        return new ShownMessage(message.Subject ?? "", message.HtmlBody, message.TextBody ?? "");
    }

    public async Task WriteToAsync(Stream stream, CancellationToken stop)
    {
        foreach (var segment in _segments)
            await stream.WriteAsync(segment, stop);
    }

    public void WriteTo(Stream stream)
    {
        foreach (var segment in _segments)
            stream.Write(segment.Span);
    }

    // A field ends at the CRLF that no white space follows (RFC 5322 §2.2.3).
    private static int FieldEnd(byte[] block, int start)
    {
        for (var i = start; i + 2 < block.Length; i++)
            if (block[i] == (byte)'\r' && block[i + 1] == (byte)'\n' && block[i + 2] is not ((byte)' ' or (byte)'\t'))
                return i;

        return block.Length - 2;
    }

    private static byte[] Join(ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        var joined = new MemoryStream();
        foreach (var part in parts)
            joined.Write(part.Span);

        return joined.ToArray();
    }
}

/// <summary>A message as it is read.</summary>
/// <param name="Subject">Decoded.</param>
/// <param name="Html">A whole document; null where the message has only text.</param>
/// <param name="Text">Plain.</param>
public sealed record ShownMessage(string Subject, string? Html, string Text);

/// <summary>One header field of a filled message.</summary>
/// <param name="Name">As written, for instance <c>List-Unsubscribe</c>.</param>
/// <param name="Raw">Everything after the colon, folding included, without the closing CRLF.</param>
public sealed record FilledHeader(string Name, ReadOnlyMemory<byte> Raw);
