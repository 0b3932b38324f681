using System.Data.Common;
using System.Threading.Channels;

namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Commits the events of many requests together; each request is answered once its own are durable, so that nothing that was answered is lost.</summary>
public sealed class WebhookIntake : IAsyncDisposable
{
    private const int MostTogether = 500;
    private const int MostWaiting = 5_000;

    private readonly FeedbackStore _store;
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MostWaiting);
    private readonly Task _committing;

    /// <param name="store">Takes them.</param>
    public WebhookIntake(FeedbackStore store)
    {
        _store = store;
        _committing = Task.Run(CommitAllAsync);
    }

    /// <summary>Returns when the events are committed.</summary>
    /// <returns>How many of those that say something of a reader were new.</returns>
    internal async Task<int> TakeAsync(IReadOnlyList<WebhookNews> events, CancellationToken stop)
    {
        if (events.Count == 0)
            return 0;
        var waiting = new Waiting(events);
        await _waiting.Writer.WriteAsync(waiting, stop);
        return await waiting.Done.Task.WaitAsync(stop);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _committing;
    }

    private async Task CommitAllAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            var together = new List<Waiting>();
            for (var events = 0; events < MostTogether && _waiting.Reader.TryRead(out var next); events += next.Events.Count)
                together.Add(next);
            await CommitAsync(together);
        }
    }

    // What can't be taken must not be answered for the others: each is tried alone.
    private async Task CommitAsync(List<Waiting> together)
    {
        try
        {
            var isNew = await _store.TakeEventsAsync([.. together.SelectMany(one => one.Events)], CancellationToken.None);
            var at = 0;
            together.ForEach(one => one.Done.TrySetResult(one.Events.Count(told => isNew[at++] && told.Claim is not null)));
        }
        catch (DbException e) when (together.Count > 1 && e.SqlState is not null && !e.IsTransient)
        {
            foreach (var one in together)
                await CommitAsync([one]);
        }
        catch (Exception e)
        {
            together.ForEach(one => one.Done.TrySetException(e));
        }
    }

    private sealed record Waiting(IReadOnlyList<WebhookNews> Events)
    {
        public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
