using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Benchmarks.SigningUp;

/// <summary>The whole server with its workers and a relay, and readers who knock; all in this one process.</summary>
internal sealed class SignUpsArena : IAsyncDisposable
{
    private const string Victim = "victim@example.com";
    private readonly InboxServer _inbox;
    private readonly ServerUnderTest _server;
    private readonly HttpClient _client;

    private SignUpsArena(InboxServer inbox, ServerUnderTest server)
    {
        (_inbox, _server) = (inbox, server);
        _client = server.ClientWith(null);
    }

    /// <param name="withLimits">As configured by default; else nobody is turned away, so that each sign-up runs its whole way.</param>
    public static async Task<SignUpsArena> OpenAsync(bool withLimits)
    {
        var inbox = new InboxServer(new InboxOptions());
        await inbox.StartAsync();
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Inbox:Enabled"] = "false",
            ["Delivery:Relays:0:Host"] = "127.0.0.1",
            ["Delivery:Relays:0:Port"] = inbox.Port.ToString(CultureInfo.InvariantCulture),
            ["Delivery:Relays:0:Security"] = "None",
            ["Web:KnownProxies:0"] = "127.0.0.1",
            ["Audience:SignUps:MinFillSeconds"] = "0",
        };
        if (!withLimits)
            settings["Audience:SignUps:NetworkPerHour"] = settings["Audience:SignUps:SurgePerMinute"] = "100000";
        var arena = new SignUpsArena(inbox, await ServerUnderTest.StartAsync(withWorkers: withLimits, settings));
        await Some.NewsletterAsync(arena._server.Database);
        return arena;
    }

    /// <summary>So many a second, of which every tenth names the victim; other pages are asked for all the while.</summary>
    public async Task<FloodFigures> FloodAsync(int rate, int seconds, bool manyNetworks, CancellationToken stop)
    {
        var form = await FormAsync(stop);
        await WarmAsync(form, stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var pages = LookAsync(over.Token);
        var (sent, clock) = (new List<Task<HttpStatusCode>>(rate * seconds), Stopwatch.StartNew());
        for (var i = 0; i < rate * seconds; i++)
        {
            while (clock.Elapsed.TotalSeconds * rate < i)
                await Task.Delay(1, stop);
            var address = i % 10 == 0 ? Victim : string.Create(CultureInfo.InvariantCulture, $"r{i}@example.net");
            sent.Add(SignUpAsync(form, address, manyNetworks ? string.Create(CultureInfo.InvariantCulture, $"10.{i / 250 % 250}.{i % 250}.7") : "192.0.2.7", stop));
        }

        var answers = await Task.WhenAll(sent);
        var took = clock.Elapsed.TotalSeconds;
        await over.CancelAsync();
        var times = await pages;
        await Task.Delay(TimeSpan.FromSeconds(10), stop);
        return new FloodFigures(
            answers.Length, answers.Length / took, answers.Count(answer => answer == HttpStatusCode.OK), answers.Count(answer => answer is HttpStatusCode.BadGateway or HttpStatusCode.InternalServerError),
            Figures.Median(times) ?? 0, times.Order().ElementAt((int)(times.Count * 0.99)), times.Count, _inbox.Messages.List(100, recipient: Victim).Total);
    }

    /// <summary>By turns a known and an unknown address, one after the other, over one connection.</summary>
    public async Task<TimingFigures> TimeAsync(int pairs, CancellationToken stop)
    {
        await _server.Database.ExecuteAsync("insert into subscribers (address) select 'known' || n || '@example.com' from generate_series(1, $1) n", pairs);
        await _server.Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select 1, id, 'active', now() from subscribers");
        var form = await FormAsync(stop);
        for (var i = 0; i < 200; i++)
            await SignUpAsync(form, $"warm{i}@example.com", "192.0.2.7", stop);
        var (known, unknown) = (new List<double>(pairs), new List<double>(pairs));
        for (var i = 1; i <= pairs; i++)
            foreach (var isKnown in i % 2 == 0 ? (bool[])[true, false] : [false, true])
            {
                var started = Stopwatch.GetTimestamp();
                await SignUpAsync(form, $"{(isKnown ? "known" : "other")}{i}@example.com", "192.0.2.7", stop);
                (isKnown ? known : unknown).Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

        return Compare(known, unknown);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _inbox.DisposeAsync();
    }

    // Mann and Whitney (1947): ranks, because such times have long tails that would drown a difference of means.
    private static TimingFigures Compare(List<double> known, List<double> unknown)
    {
        var ranked = known.Select(time => (time, isKnown: true)).Concat(unknown.Select(time => (time, isKnown: false))).OrderBy(one => one.time).ToList();
        double n = known.Count, m = unknown.Count;
        var sum = ranked.Select((one, at) => one.isKnown ? at + 1.0 : 0).Sum();
        var u = sum - (n * (n + 1) / 2);
        var z = (u - (n * m / 2)) / Math.Sqrt(n * m * (n + m + 1) / 12);
        return new TimingFigures(known.Count, Figures.Median(known) ?? 0, Figures.Median(unknown) ?? 0, z, u / (n * m));
    }

    // A server that has been up for a moment: of one that has just begun, the compiler is what would be measured. The sign-ups fall into the trap for
    // machines, so that they count nowhere.
    private async Task WarmAsync(string form, CancellationToken stop)
    {
        for (var i = 0; i < 1_500; i++)
        {
            await _client.GetStringAsync((i % 3) switch { 0 => "/n/tea/archive", 1 => "/n/tea/subscribe", _ => "/subscribe" }, stop);
            await SignUpAsync(form, $"warm{i}@example.com", "192.0.2.8", stop, trap: "x");
        }
    }

    private async Task<List<double>> LookAsync(CancellationToken stop)
    {
        var times = new List<double>();
        using var reader = _server.ClientWith(null);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await reader.GetStringAsync((i % 3) switch { 0 => "/n/tea/archive", 1 => "/n/tea/subscribe", _ => "/subscribe" }, CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            await Task.Delay(10, CancellationToken.None);
        }

        return times;
    }

    private async Task<string> FormAsync(CancellationToken stop) =>
        Regex.Match(await _client.GetStringAsync("/n/tea/subscribe", stop), "name=\"form\" value=\"(?<form>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["form"].Value;

    private async Task<HttpStatusCode> SignUpAsync(string form, string address, string from, CancellationToken stop, string trap = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/n/tea/subscribe")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("email", address), KeyValuePair.Create("form", form), KeyValuePair.Create("website", trap)]),
        };
        request.Headers.Add("X-Forwarded-For", from);
        try
        {
            using var answer = await _client.SendAsync(request, stop);
            await answer.Content.LoadIntoBufferAsync(stop);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            // No answer at all.
            return HttpStatusCode.BadGateway;
        }
    }
}
