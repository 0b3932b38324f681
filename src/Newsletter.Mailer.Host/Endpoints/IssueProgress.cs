using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>The receipt of an issue as it changes.</summary>
internal static class IssueProgress
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(1);

    // Proxies cut connections that are silent for a minute.
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(15);

    public static async Task<Results<ServerSentEventsResult<Receipt>, ProblemHttpResult>> Stream(
        long id, ReceiptStore receipts, TimeProvider clock, IHostApplicationLifetime lifetime, CancellationToken stop)
    {
        if (await receipts.FindAsync(id, stop) is not { } first)
            return Problems.NotFound("issue", id);
        return TypedResults.ServerSentEvents(Events(first, receipts, clock, lifetime.ApplicationStopping, stop));
    }

    private static async IAsyncEnumerable<SseItem<Receipt>> Events(
        Receipt last, ReceiptStore receipts, TimeProvider clock, CancellationToken stopping, [EnumeratorCancellation] CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, stop);
        var told = clock.GetTimestamp();
        yield return Event(last);
        while (!IsOver(last))
        {
            var asked = clock.GetTimestamp();
            if (await NextAsync(last, receipts, either.Token) is not { } next)
                yield break;
            if (!Same(next, last) || clock.GetElapsedTime(told) > s_longestSilence)
            {
                yield return Event(next);
                told = clock.GetTimestamp();
            }

            last = next;
            // Counting a ledger of millions takes its time; asking must stay a small part of it.
            var pause = clock.GetElapsedTime(asked) * 9;
            await Task.Delay(pause > s_betweenLooks ? pause : s_betweenLooks, clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The server stops or the reader went: the stream just ends.
    private static async Task<Receipt?> NextAsync(Receipt last, ReceiptStore receipts, CancellationToken stop)
    {
        try
        {
            return stop.IsCancellationRequested ? null : await receipts.FindAsync(last.Issue, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static SseItem<Receipt> Event(Receipt receipt) => new(receipt, IsOver(receipt) ? "end" : "progress");

    private static bool IsOver(Receipt receipt) => receipt.State is "finished" or "cancelled" or "failed";

    private static bool Same(Receipt one, Receipt other) =>
        one with { Excluded = other.Excluded, Rounds = other.Rounds } == other && one.Excluded.SequenceEqual(other.Excluded);
}
