using System.Globalization;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>What goes wrong in the course of one issue, and when: all of it decided by a seed.</summary>
internal sealed class FaultSchedule
{
    private static readonly TimeSpan PastTheLease = TimeSpan.FromSeconds(7);

    private static readonly (string Name, Func<FaultScript, FaultScript> Script)[] Relays =
    [
        ("the relay keeps two messages and loses the replies", relay => relay.At(FaultPoint.EndOfData).Named(Kept).First(2).KeepingMessage().Drop()),
        ("the relay loses two messages and the replies", relay => relay.At(FaultPoint.EndOfData).First(2).LosingMessage().Reset()),
        ("the relay says 421 to each twentieth recipient", relay => relay.At(FaultPoint.Rcpt).Every(20).Reply(421, "4.3.2 Too many messages")),
        ("the relay puts a tenth off once", relay => relay.At(FaultPoint.Rcpt).ToShareOfRecipients(0.1).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Later")),
        ("the relay falls silent in one message", relay => relay.At(FaultPoint.Data).First(1).GoSilent()),
        ("the relay cuts three messages in their middle", relay => relay.At(FaultPoint.Body).AfterBytes(500).First(3).Reset()),
        ("the relay behaves", relay => relay),
    ];

    private const string Kept = "kept";

    private readonly Random _random;
    private readonly List<string> _played = [];
    private readonly Dictionary<string, DateTimeOffset> _left = [];
    private readonly FaultField _field;
    private readonly int _readers;
    private ProgramProcess _worker;
    private long _lostReplies;

    public FaultSchedule(int seed, FaultField field, int readers)
    {
        (_random, _field, _readers) = (new Random(seed), field, readers);
        _worker = field.StartWorker();
    }

    /// <summary>What was played so far.</summary>
    public string Played => string.Join("; ", _played);

    /// <summary>Messages that the relay kept and whose reply it lost.</summary>
    public long LostReplies => _lostReplies + _field.Inbox.TimesFired(Kept);

    /// <summary>Plays so many steps, each at a random point of the issue.</summary>
    public async Task PlayAsync(long issue, int steps)
    {
        var points = Enumerable.Range(0, steps).Select(_ => _random.Next(1, _readers * 8 / 10)).Order().ToArray();
        foreach (var point in points)
        {
            await _field.UntilAsync(async () => _field.Inbox.Messages.Count >= point || (await _field.Room.ReceiptAsync(issue)).State == "finished", $"{point} messages");
            await StepAsync(point);
        }
    }

    /// <summary>Whoever left was not mailed later than a minute after.</summary>
    public IEnumerable<string> MailedTooLate() => _field.Inbox.Messages.After(0, int.MaxValue)
        .Where(message => _left.TryGetValue(message.Recipients.Single(), out var at) && message.ReceivedAt > at + TimeSpan.FromMinutes(1))
        .Select(message => message.Recipients.Single());

    private async Task StepAsync(int point)
    {
        var choice = _random.Next(8);
        var relay = Relays[_random.Next(Relays.Length)];
        var reader = string.Create(CultureInfo.InvariantCulture, $"reader{_random.Next(_readers * 9 / 10, _readers + 1)}@example.net");
        var what = choice switch
        {
            0 or 1 => "a worker is killed",
            2 => "PostgreSQL crashes",
            3 => "every job is forgotten",
            4 => "a worker is held past its lease",
            5 => "a reader leaves",
            _ => relay.Name,
        };
        _played.Add($"at {point} {what}");
        await (choice switch
        {
            0 or 1 => KillAsync(),
            2 => CrashAsync(),
            3 => _field.Room.Database.ExecuteAsync(LostJobsTests.Empty),
            4 => HoldAsync(),
            5 => LeaveAsync(reader),
            _ => MisbehaveAsync(relay.Script),
        });
    }

    private Task KillAsync()
    {
        _field.Kill(_worker);
        _worker = _field.StartWorker();
        return Task.CompletedTask;
    }

    // Once the worker is up: one that finds no database when it starts says so and ends, and whoever supervises it starts it again.
    private async Task CrashAsync()
    {
        await _field.UntilAsync(() => Task.FromResult(_worker.Said.Contains("Working.", StringComparison.Ordinal)), "a worker that is up");
        await _field.Server.CrashAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        await _field.StartServerAgainAsync();
    }

    private async Task HoldAsync()
    {
        var held = _worker;
        _field.Hold(held);
        _worker = _field.StartWorker();
        await Task.Delay(PastTheLease);
        held.Continue();
    }

    private async Task LeaveAsync(string reader)
    {
        await _field.Room.Database.ExecuteAsync(
            "update subscriptions set status = 'unsubscribed', unsubscribed_at = now() where subscriber_id = (select id from subscribers where address = $1)", reader);
        _left[reader] = TimeProvider.System.GetUtcNow();
    }

    private Task MisbehaveAsync(Func<FaultScript, FaultScript> script)
    {
        _lostReplies += _field.Inbox.TimesFired(Kept);
        _field.Inbox.Play(script(FaultScript.None).At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(30)));
        return Task.CompletedTask;
    }
}
