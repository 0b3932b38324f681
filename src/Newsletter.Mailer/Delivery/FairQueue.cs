namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Hands out the deliveries of several issues in turn, one of each: a small issue does not wait until what was claimed of a huge one before it
/// has gone out. Within an issue the order is kept.
/// </summary>
internal sealed class FairQueue
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Queue<WorkItem>> _ofIssue = [];

    // Issues that have something, the next one first.
    private readonly Queue<long> _turns = new();
    private volatile int _count;

    public int Count => _count;

    public void Enqueue(WorkItem item)
    {
        lock (_gate)
        {
            var issue = item.Work.Batch.IssueId;
            if (!_ofIssue.TryGetValue(issue, out var items))
            {
                _ofIssue[issue] = items = new Queue<WorkItem>();
                _turns.Enqueue(issue);
            }

            items.Enqueue(item);
            _count++;
        }
    }

    public bool TryDequeue(out WorkItem item)
    {
        lock (_gate)
        {
            if (!_turns.TryDequeue(out var issue))
            {
                item = null!;
                return false;
            }

            var items = _ofIssue[issue];
            item = items.Dequeue();
            _count--;
            if (items.Count > 0)
                _turns.Enqueue(issue);
            else
                _ofIssue.Remove(issue);
            return true;
        }
    }
}
