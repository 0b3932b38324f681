namespace Newsletter.Mailer.Inbox;

/// <summary>The bytes of the latest messages, within a count and a total of bytes; the oldest make room.</summary>
internal sealed class KeptBodies(SegmentPool pool, int limit, long limitBytes)
{
    private readonly Dictionary<long, Kept> bodies = [];
    private readonly Queue<long> order = new();
    private readonly Lock gate = new();

    public long Bytes { get; private set; }

    /// <summary>Keeps a body and takes over its segments.</summary>
    public void Add(long number, List<byte[]> segments, long size, ReceivedBody around)
    {
        lock (gate)
        {
            bodies.Add(number, new Kept(segments, (int)size, around));
            order.Enqueue(number);
            Bytes += size;
            while (order.Count > limit || Bytes > limitBytes)
                Forget(order.Dequeue());
        }
    }

    public bool Has(long number)
    {
        lock (gate)
            return bodies.ContainsKey(number);
    }

    /// <summary>A copy of the body; null when it isn't kept.</summary>
    public ReceivedBody? Read(long number)
    {
        lock (gate)
        {
            return bodies.TryGetValue(number, out var kept)
                ? kept.Around with { Bytes = SegmentedBytes.Copy(kept.Segments, kept.Size) }
                : null;
        }
    }

    private void Forget(long number)
    {
        if (!bodies.Remove(number, out var kept))
            return;

        Bytes -= kept.Size;
        pool.Return(kept.Segments);
    }

    private sealed record Kept(List<byte[]> Segments, int Size, ReceivedBody Around);
}
