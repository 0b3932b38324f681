using System.Diagnostics;
using System.Net;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Reading;

/// <summary>Requests of one kind.</summary>
/// <param name="What">Which.</param>
/// <param name="Requests">How many.</param>
/// <param name="PerSecond">How many a second, server and readers on one machine.</param>
/// <param name="MedianMs">Until the last byte was read.</param>
/// <param name="P99Ms">At most 50 is wanted.</param>
/// <param name="MostMs">The slowest.</param>
/// <param name="Bytes">Of a body, on average.</param>
internal sealed record ReadingFigures(string What, int Requests, double PerSecond, double MedianMs, double P99Ms, double MostMs, long Bytes)
{
    public override string ToString() => Figures.Invariant(
        $"{What,-16} {Requests} requests at {PerSecond:0}/s: p50 {MedianMs:0.00} ms, p99 {P99Ms:0.0} ms, slowest {MostMs:0.0} ms; {Bytes / 1024.0:0.0} KB each");

    /// <summary>Asks by so many readers at once.</summary>
    /// <param name="what">Name of the figures.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="path">For what, by number.</param>
    /// <param name="tag">Of what the reader has already; null: of nothing.</param>
    /// <param name="requests">How often.</param>
    /// <param name="readers">How many at once.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<ReadingFigures> TimeAsync(string what, HttpClient client, Func<int, string> path, string? tag, int requests, int readers, CancellationToken stop)
    {
        var (times, next, bytes) = (new double[requests], -1, 0L);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, readers).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < requests; i = Interlocked.Increment(ref next))
            {
                var started = Stopwatch.GetTimestamp();
                using var request = new HttpRequestMessage(HttpMethod.Get, path(i));
                if (tag is not null)
                    request.Headers.Add("If-None-Match", tag);
                using var answer = await client.SendAsync(request, stop);
                if (answer.StatusCode != (tag is null ? HttpStatusCode.OK : HttpStatusCode.NotModified))
                    throw new BenchmarkException($"{path(i)} was answered with {answer.StatusCode}.");
                Interlocked.Add(ref bytes, (await answer.Content.ReadAsByteArrayAsync(stop)).Length);
                times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        }));
        var took = clock.Elapsed.TotalSeconds;
        Array.Sort(times);
        return new ReadingFigures(what, requests, requests / took, times[requests / 2], times[(int)(requests * 0.99)], times[^1], bytes / requests);
    }
}
