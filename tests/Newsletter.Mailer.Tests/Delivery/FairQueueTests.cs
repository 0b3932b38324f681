using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class FairQueueTests
{
    private readonly FairQueue _queue = new();

    [Fact]
    public void IssuesTakeTurnsAndEachKeepsItsOrder()
    {
        Enqueue(issue: 1, places: 5);
        Enqueue(issue: 2, places: 2);
        Assert.Equal(7, _queue.Count);

        Assert.Equal(["1.1", "2.1", "1.2", "2.2", "1.3", "1.4", "1.5"], DequeueAll());
        Assert.Equal(0, _queue.Count);
        Assert.False(_queue.TryDequeue(out _));
    }

    [Fact]
    public void WhoeverComesLaterHasItsTurnNext()
    {
        Enqueue(issue: 1, places: 3);
        _queue.TryDequeue(out _);

        Enqueue(issue: 3, places: 1);
        Enqueue(issue: 2, places: 1);

        Assert.Equal(["1.2", "3.1", "2.1", "1.3"], DequeueAll());
    }

    private void Enqueue(long issue, int places)
    {
        foreach (var item in Leased.Work(issue, places).Items)
            _queue.Enqueue(item);
    }

    private List<string> DequeueAll()
    {
        var all = new List<string>();
        while (_queue.TryDequeue(out var item))
            all.Add($"{item.Work.Batch.IssueId}.{item.Delivery.Seq}");
        return all;
    }
}
