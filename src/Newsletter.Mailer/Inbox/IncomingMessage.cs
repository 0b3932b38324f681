using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// The message a session is receiving, one after another in the same object: hashed as it arrives, its bytes gathered
/// in pooled segments as long as they may be kept, its first segment always, for the header.
/// </summary>
internal sealed class IncomingMessage : IDisposable
{
    /// <summary>How much of the header is looked at, when it is longer than the first segment.</summary>
    private const int MaxHeaderBytes = 256 * 1024;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SegmentPool pool;
    private readonly long keepBytes;
    private readonly long maxBytes;
    private List<byte[]> segments = [];
    private long gathered;
    private bool hashing;

    public IncomingMessage(SegmentPool pool, long keepBytes, long maxBytes)
    {
        this.pool = pool;
        this.keepBytes = Math.Min(keepBytes, maxBytes);
        this.maxBytes = maxBytes;
    }

    /// <summary>Bytes that arrived, kept or not.</summary>
    public long Size { get; private set; }

    public bool IsTooLarge => Size > maxBytes;

    public bool HasEightBit { get; private set; }

    /// <summary>Whether all of it is in the segments.</summary>
    public bool IsWhole => gathered == Size && Size <= keepBytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Size += bytes.Length;
        if (IsTooLarge)
            return;

        hash.AppendData(bytes);
        hashing = true;
        HasEightBit = HasEightBit || !Ascii.IsValid(bytes);
        Gather(bytes);
    }

    /// <summary>The hash of all that arrived; ends the hashing of this message.</summary>
    public void Hash(Span<byte> sha256)
    {
        hash.GetHashAndReset(sha256);
        hashing = false;
    }

    /// <summary>The raw, unfolded value of a header; empty when it is missing.</summary>
    public byte[] Header(ReadOnlySpan<byte> name) => HeaderScanner.Find(Head(), name);

    /// <summary>Hands over the segments, which the caller then returns to the pool.</summary>
    public List<byte[]> TakeSegments()
    {
        var taken = segments;
        segments = [];
        return taken;
    }

    /// <summary>Forgets the message, ready for the next.</summary>
    public void Clear()
    {
        if (hashing)
            Hash(stackalloc byte[SHA256.HashSizeInBytes]);

        pool.Return(segments);
        gathered = 0;
        Size = 0;
        HasEightBit = false;
    }

    public void Dispose()
    {
        pool.Return(segments);
        hash.Dispose();
    }

    private void Gather(ReadOnlySpan<byte> bytes)
    {
        // Once something was left out, what follows would not join up.
        var wanted = Math.Max(keepBytes, MaxHeaderBytes) - gathered;
        if (gathered != Size - bytes.Length || wanted <= 0)
            return;

        bytes = bytes[..(int)Math.Min(bytes.Length, wanted)];
        while (bytes.Length > 0)
        {
            var offset = (int)(gathered % SegmentPool.SegmentBytes);
            if (offset == 0)
                segments.Add(pool.Rent());

            var part = bytes[..Math.Min(bytes.Length, SegmentPool.SegmentBytes - offset)];
            part.CopyTo(segments[^1].AsSpan(offset));
            gathered += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    private ReadOnlySpan<byte> Head()
    {
        if (segments.Count == 0)
            return [];

        var first = segments[0].AsSpan(0, (int)Math.Min(gathered, SegmentPool.SegmentBytes));
        return segments.Count == 1 || first.IndexOf("\r\n\r\n"u8) >= 0
            ? first
            : SegmentedBytes.Copy(segments, (int)Math.Min(gathered, MaxHeaderBytes));
    }
}

/// <summary>Bytes in segments, back in one piece.</summary>
internal static class SegmentedBytes
{
    public static byte[] Copy(List<byte[]> segments, int length)
    {
        var whole = new byte[length];
        for (var i = 0; i * SegmentPool.SegmentBytes < length; i++)
        {
            var offset = i * SegmentPool.SegmentBytes;
            segments[i].AsSpan(0, Math.Min(SegmentPool.SegmentBytes, length - offset)).CopyTo(whole.AsSpan(offset));
        }

        return whole;
    }
}
