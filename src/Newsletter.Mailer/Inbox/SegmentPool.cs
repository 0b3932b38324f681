namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Pieces of 16 KB that message bodies are kept in and that go round for ever: small enough to stay off
/// the large object heap, and no garbage however many messages pass.
/// </summary>
internal sealed class SegmentPool
{
    public const int SegmentBytes = 16 * 1024;

    private readonly Lock gate = new();
    private readonly Stack<byte[]> free = new();
    private readonly int limit;

    /// <param name="limit">Free segments held back at most.</param>
    public SegmentPool(int limit) => this.limit = limit;

    public byte[] Rent()
    {
        lock (gate)
        {
            if (free.TryPop(out var segment))
                return segment;
        }

        return GC.AllocateUninitializedArray<byte>(SegmentBytes);
    }

    public void Return(List<byte[]> segments)
    {
        lock (gate)
        {
            foreach (var segment in segments)
            {
                if (free.Count < limit)
                    free.Push(segment);
            }
        }

        segments.Clear();
    }
}
