using System.Buffers;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// Gathers a message's segments: shared ones as they are, and what is written for one reader into small blocks of its own,
/// so that nothing large is ever allocated for one reader.
/// </summary>
internal sealed class SegmentWriter(int expectedSegments) : IBufferWriter<byte>
{
    private const int BlockSize = 2048;

    private readonly List<ReadOnlyMemory<byte>> _segments = new(expectedSegments);
    private byte[] _block = new byte[BlockSize];
    private int _start;
    private int _end;

    public int Count
    {
        get
        {
            Flush();
            return _segments.Count;
        }
    }

    public void AddShared(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length == 0)
            return;
        Flush();
        _segments.Add(bytes);
    }

    public ReadOnlyMemory<byte>[] ToArray()
    {
        Flush();
        return [.. _segments];
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _block.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _block.AsSpan(_end);
    }

    private void MakeRoom(int size)
    {
        if (_block.Length - _end >= Math.Max(1, size))
            return;
        Flush();
        _block = new byte[Math.Max(BlockSize, size)];
        _start = _end = 0;
    }

    private void Flush()
    {
        if (_end == _start)
            return;
        _segments.Add(_block.AsMemory(_start, _end - _start));
        _start = _end;
    }
}
