using System.Text;
using MimeKit;
using MimeKit.IO;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Smtp;

/// <summary>
/// A message whose bytes are final, in the shape MailKit sends. <c>MimeMessage.WriteTo</c> isn't virtual and knows headers,
/// a CRLF, then a body: so the "header" is our first line without its CRLF, and the "body" is everything after it.
/// One object a send: writing changes its state.
/// </summary>
internal sealed class FinishedMessage : MimeMessage
{
    /// <summary>What MailKit itself would add to the headers isn't ours, and stays hidden.</summary>
    public static readonly FormatOptions Format = FormatFor(smtpUtf8: false);

    /// <summary>The same for an envelope with SMTPUTF8.</summary>
    public static readonly FormatOptions FormatForSmtpUtf8 = FormatFor(smtpUtf8: true);

    private FinishedMessage(HeaderList firstLine, FinishedBody rest)
        : base(firstLine)
    {
        Body = rest;
    }

    /// <exception cref="ArgumentException">The bytes are no message: no header line, or no CRLF at the end. A bug in who filled it.</exception>
    public static FinishedMessage Create(FilledMessage message, bool eightBit, Action written, Task<bool>? clearance = null)
    {
        RequireFinalLineEnd(message);
        var firstLine = ReadFirstLine(message);
        var body = new FinishedBody(message, firstLine.Length + 2, written, clearance);
        body.Headers.Clear();
        if (eightBit)
            body.ContentTransferEncoding = ContentEncoding.EightBit;
        return new FinishedMessage(new HeaderList { new FirstLine(firstLine) }, body);
    }

    /// <summary>RFC 6152: bytes above 127 need 8BITMIME. Our own rendering has none, except in the headers of an SMTPUTF8 message.</summary>
    public static bool HasEightBit(FilledMessage message)
    {
        foreach (var segment in message.Segments)
        {
            if (!Ascii.IsValid(segment.Span))
                return true;
        }

        return false;
    }

    private static FormatOptions FormatFor(bool smtpUtf8)
    {
        var format = FormatOptions.Default.Clone();
        format.International = smtpUtf8;
        format.HiddenHeaders.UnionWith([HeaderId.ContentType, HeaderId.ContentTransferEncoding, HeaderId.MimeVersion]);
        return format;
    }

    private static byte[] ReadFirstLine(FilledMessage message)
    {
        var line = new List<byte>(80);
        foreach (var segment in message.Segments)
        {
            var span = segment.Span;
            var end = span.IndexOf((byte)'\n');
            line.AddRange(end < 0 ? span : span[..(end + 1)]);
            if (end >= 0)
                break;
        }

        return line is [not (byte)'\r', .., (byte)'\r', (byte)'\n']
            ? line[..^2].ToArray()
            : throw new ArgumentException("The message does not begin with a header line that ends in CRLF.", nameof(message));
    }

    private static void RequireFinalLineEnd(FilledMessage message)
    {
        Span<byte> end = stackalloc byte[2];
        var found = 0;
        for (var i = message.Segments.Count - 1; i >= 0 && found < 2; i--)
        {
            var span = message.Segments[i].Span;
            for (var at = span.Length - 1; at >= 0 && found < 2; at--)
                end[1 - found++] = span[at];
        }

        if (found < 2 || end[0] != '\r' || end[1] != '\n')
            throw new ArgumentException("The message does not end in CRLF.", nameof(message));
    }

    /// <summary>An "invalid" header: MimeKit writes its field's bytes and nothing else.</summary>
    private sealed class FirstLine(byte[] line) : Header(ParserOptions.Default, line, [], invalid: true);
}

/// <summary>The message was not cleared to leave. MailKit closes the connection: after 354 there is no other way back (RFC 5321 §4.1.1.4).</summary>
internal sealed class WithheldException(Exception? cause = null) : Exception("The message was withheld.", cause);

/// <summary>Everything after the first line, written as it is, once it is cleared.</summary>
internal sealed class FinishedBody(FilledMessage message, int skip, Action written, Task<bool>? clearance) : MimePart
{
    /// <summary>A relay that said 354 waits for three minutes at least (RFC 5321 §4.5.3.2.5): a message not cleared by then is not going to be soon.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>MailKit's dot-stuffing grows a buffer as large as the largest write: keep it small and off the large object heap.</summary>
    private const int PieceSize = 16 * 1024;

    public override void WriteTo(FormatOptions options, Stream stream, bool contentOnly, CancellationToken cancellationToken = default)
    {
        if (clearance is not null)
            throw new NotSupportedException("A message that waits to be cleared is only sent asynchronously.");
        foreach (var piece in Pieces())
            stream.Write(piece.Span);
        written();
    }

    public override async Task WriteToAsync(FormatOptions options, Stream stream, bool contentOnly, CancellationToken cancellationToken = default)
    {
        // Nothing has left yet: the first line is still in the buffers above.
        if (clearance is not null && !await IsClearedAsync(clearance, cancellationToken))
            throw new WithheldException();
        if (Unstuffed(stream) is { } below)
            await WriteSegmentsAsync(below, cancellationToken);
        else
            foreach (var piece in Pieces())
                await stream.WriteAsync(piece, cancellationToken);
        written();
    }

    public override void Prepare(EncodingConstraint constraint, int maxLineLength = 78)
    {
        // The bytes are final.
    }

    // Whoever gave the clearance learns of its failure there; here it only means that nothing may leave.
    private static async Task<bool> IsClearedAsync(Task<bool> clearance, CancellationToken cancellationToken)
    {
        try
        {
            return await clearance.WaitAsync(Patience, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new WithheldException(e);
        }
    }

    // MailKit's dot-stuffing looks at every byte, one after the other: a sixth of all that sending costs. Where there is no dot to be
    // stuffed the bytes go past it; it has seen the first line with its CRLF, so that it knows itself at the beginning of a line.
    private Stream? Unstuffed(Stream stream) => stream is FilteredStream filtered && message.HasNoLeadingDot() ? filtered.Source : null;

    private async Task WriteSegmentsAsync(Stream stream, CancellationToken cancellationToken)
    {
        var left = skip;
        foreach (var segment in message.Segments)
        {
            var rest = segment[Math.Min(left, segment.Length)..];
            left -= segment.Length - rest.Length;
            if (!rest.IsEmpty)
                await stream.WriteAsync(rest, cancellationToken);
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        var left = skip;
        foreach (var segment in message.Segments)
        {
            var rest = segment[Math.Min(left, segment.Length)..];
            left -= segment.Length - rest.Length;
            for (; !rest.IsEmpty; rest = rest[Math.Min(PieceSize, rest.Length)..])
                yield return rest[..Math.Min(PieceSize, rest.Length)];
        }
    }
}
