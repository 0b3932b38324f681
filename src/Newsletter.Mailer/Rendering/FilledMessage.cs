namespace Newsletter.Mailer.Rendering;

/// <summary>
/// One reader's finished message: segments shared with every other reader and a few of their own, in order, headers first.
/// Lines end in CRLF; dots are not stuffed (the transport's work).
/// </summary>
public sealed class FilledMessage
{
    private readonly ReadOnlyMemory<byte>[] _segments;

    public FilledMessage(ReadOnlyMemory<byte>[] segments, bool requiresSmtpUtf8)
    {
        _segments = segments;
        RequiresSmtpUtf8 = requiresSmtpUtf8;
        foreach (var segment in segments)
            Length += segment.Length;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Segments => _segments;

    /// <summary>Exact number of bytes, before dot-stuffing.</summary>
    public long Length { get; }

    /// <summary>The address has a non-ASCII local part: only a relay that offers SMTPUTF8 may have it (RFC 6531 §3.4).</summary>
    public bool RequiresSmtpUtf8 { get; }

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
}
