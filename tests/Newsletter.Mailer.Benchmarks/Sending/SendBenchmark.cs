using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>The end-to-end benchmark: everyone sends to the same sink, by turns, so that whatever else the machine does falls on all alike.</summary>
internal sealed class SendBenchmark : IAsyncDisposable
{
    private const int WarmUp = 2_000;

    private readonly SendSettings _settings;
    private readonly BenchmarkDatabase _database;
    private readonly BenchmarkRooms _rooms;
    private readonly Sink _sink;
    private readonly string _body;
    private readonly CompiledMessage _message;
    private readonly List<IAsyncDisposable> _senders = [];

    private SendBenchmark(SendSettings settings, BenchmarkDatabase database, BenchmarkRooms rooms, Sink sink, string body, CompiledMessage message) =>
        (_settings, _database, _rooms, _sink, _body, _message) = (settings, database, rooms, sink, body, message);

    // The others need no measuring of their own; the just-in-time compilers of .NET and node do need a start.
    private int Fifth => Math.Max(500, _settings.Messages / 5);

    public static async Task<SendReport> RunAsync(SendSettings settings)
    {
        _ = Programs.SmtpSource;
        await using var database = await BenchmarkDatabase.OpenAsync(settings.Folder);
        await using var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString);
        await ReaderList.CreateNewsletterAsync(rooms);
        await ReaderList.GrowAsync(database, settings.Messages);
        await using var sink = await Sink.StartAsync(settings);
        var (body, message) = await BenchmarkIssue.WriteAsync(rooms);
        if (settings.Dkim)
            await SigningKeys.MakeAsync(rooms);
        await using var benchmark = new SendBenchmark(settings, database, rooms, sink, body, message);
        return await benchmark.MeasureAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in _senders)
            await sender.DisposeAsync();
    }

    private async Task<SendReport> MeasureAsync()
    {
        var relay = new BenchmarkRelay(_sink.Port, _settings.Connections, _settings.Chunking);
        var ours = Kept(await SenderProcess.StartAsync(_database, relay));
        var unrecorded = _settings.WithoutRecording ? Kept(await SenderProcess.StartAsync(_database, relay, "--no-recording")) : null;
        var nodemailer = _settings.Nodemailer ? Kept(await Nodemailer.StartAsync(_sink.Port, _settings.Connections, _message, _settings.Dkim)) : null;
        await WarmUpAsync(ours, unrecorded, nodemailer);

        var rounds = new List<SendRound>();
        for (var number = 1; number <= _settings.Rounds; number++)
        {
            var round = new SendRound { Load = Machine.Load };
            List<Func<Task>> turns =
            [
                async () => round.Source = await SmtpSource.SendAsync(_sink.Port, _settings.Connections, _settings.Messages),
                () => OursAsync(ours, round),
            ];
            if (unrecorded is not null)
                turns.Add(async () => round.Unrecorded = await UnrecordedAsync(unrecorded));
            if (nodemailer is not null)
                turns.Add(async () => round.Nodemailer = await nodemailer.SendAsync(Fifth));
            if (_settings.Dkim)
                turns.Add(async () => round.Signatures = await SigningKeys.SpeedAsync());
            // Every second round the other way round: nobody always follows the same neighbour.
            if (number % 2 == 0)
                turns.Reverse();
            foreach (var turn in turns)
                await turn();
            rounds.Add(round);
            await Console.Error.WriteLineAsync(SendReport.Line(number, round));
        }

        return new SendReport(_settings, rounds, _sink.Name, _message.Fill(BenchmarkIssue.SomeReader).Length, nodemailer?.MessageBytes);
    }

    private async Task WarmUpAsync(SenderProcess ours, SenderProcess? unrecorded, Nodemailer? nodemailer)
    {
        await Console.Error.WriteLineAsync("Warming up …");
        // A turn of all readers is too long over a slow line: the first so many are enough.
        await FreezeAsync(Math.Min(WarmUp, _settings.Messages));
        await ours.SendAsync();
        if (unrecorded is not null)
            await UnrecordedAsync(unrecorded, Math.Min(WarmUp, _settings.Messages));
        if (nodemailer is not null)
            await nodemailer.SendAsync(Math.Min(WarmUp, Fifth));
    }

    private async Task OursAsync(SenderProcess ours, SendRound round)
    {
        var issue = await FreezeAsync(_settings.Messages);
        var postgres = _database.Cpu.Total();
        round.Process = await ours.SendAsync();
        round.PostgresCpuSeconds = (_database.Cpu.Total() - postgres).TotalSeconds;
        round.Ours = _settings.Messages / round.Process.Seconds;
        var accepted = await _database.ScalarAsync<long>("select count(*) from deliveries where issue_id = $1 and status = 'accepted'", issue);
        var state = await _database.ScalarAsync<string>("select state from issues where id = $1", issue);
        if (accepted != _settings.Messages || state != "finished")
            throw new BenchmarkException($"Of {_settings.Messages} messages {accepted} are accepted, and the issue is {state}.");
    }

    private async Task<double> UnrecordedAsync(SenderProcess unrecorded, int? messages = null)
    {
        var issue = await FreezeAsync(messages ?? _settings.Messages);
        var figures = await unrecorded.SendAsync();
        // Its deliveries are pending still: nothing may take them up.
        await _database.ExecuteAsync("update issues set state = 'cancelled' where id = $1", issue);
        return (messages ?? _settings.Messages) / figures.Seconds;
    }

    // The audience is every reader; where fewer are wanted, the batches of the others are taken away.
    private async Task<long> FreezeAsync(int messages)
    {
        var (issue, _) = await BenchmarkIssue.FreezeAsync(_database, _rooms, _body);
        if (messages < _settings.Messages)
        {
            await _database.ExecuteAsync("delete from batches where issue_id = $1 and first_seq > $2", issue, messages);
            await _database.ExecuteAsync("delete from deliveries where issue_id = $1 and not exists (select from batches b where b.issue_id = $1 and seq between b.first_seq and b.last_seq)", issue);
            await _database.ExecuteAsync("update issues set audience = (select count(*) from deliveries where issue_id = $1) where id = $1", issue);
        }

        await _database.ExecuteAsync("vacuum analyze batches, issues");
        await _database.SettleAsync();
        return issue;
    }

    private T Kept<T>(T sender)
        where T : IAsyncDisposable
    {
        _senders.Add(sender);
        return sender;
    }
}
