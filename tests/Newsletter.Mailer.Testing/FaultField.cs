using System.Globalization;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// An issue to be sent by real worker processes over a server that may be crashed, to a relay that may misbehave. Leases are short, so that
/// what takes a minute in life takes seconds.
/// </summary>
public sealed class FaultField : IAsyncDisposable
{
    /// <summary>Longer than anything here takes on a loaded machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(FaultForm.Pick(3, 10));

    private readonly List<ProgramProcess> _workers = [];
    private readonly Dictionary<string, string> _settings;

    private FaultField(CrashableServer server, Mailroom room)
    {
        (Server, Room) = (server, room);
        _settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__Newsletter"] = room.Database.ConnectionString,
            ["Links__Keys__k1"] = room.Keys.ToOptions().Keys["k1"],
            ["PublicUrl"] = room.Site.Url.ToString().TrimEnd('/'),
            ["Delivery__Relays__0__Name"] = "relay",
            ["Delivery__Relays__0__Host"] = "127.0.0.1",
            ["Delivery__Relays__0__Port"] = room.Inbox.Port.ToString(CultureInfo.InvariantCulture),
            ["Delivery__Relays__0__Security"] = "None",
            ["Delivery__Relays__0__MaxConnections"] = "8",
            ["Delivery__LeaseSeconds"] = "5",
            ["Delivery__RenewSeconds"] = "2",
            ["Delivery__ResendUnknownSeconds"] = "1",
            ["Delivery__RetryMinutes__0"] = "0",
            ["Jobs__PollMilliseconds"] = "200",
            ["DOTNET_gcServer"] = "0",
        };
    }

    /// <summary>The database server.</summary>
    public CrashableServer Server { get; }

    /// <summary>Where the issue is frozen, and its relay.</summary>
    public Mailroom Room { get; }

    /// <summary>The relay's other end.</summary>
    public InboxServer Inbox => Room.Inbox;

    /// <summary>Workers killed so far.</summary>
    public int Kills { get; private set; }

    /// <summary>SMTP connections that were open at the kills, together.</summary>
    public int Connections { get; private set; }

    /// <summary>Deliveries that were begun and not heard of again, as the ledger says and what stands behind it in its journal.</summary>
    public async Task<int> InFlightAsync(long issue)
    {
        // In one statement: what is posted meanwhile must not be missed in both, nor counted in both.
        var said = await Room.Database.ListAsync<string>(
            """
            select x.said
            from (select 0 as batch_no, 0::bigint as fence, 0::bigint as write_no, d.seq::text as said from deliveries d where d.issue_id = $1 and d.status = 'sending'
                  union all
                  select j.batch_no, j.fence, j.write_no, 'x' || encode(j.lines, 'hex') from ledger_journal j where j.issue_id = $1) x
            order by x.batch_no, x.fence, x.write_no
            """,
            issue);
        var begun = new HashSet<int>();
        foreach (var text in said)
        {
            if (text[0] != 'x')
                begun.Add(int.Parse(text, CultureInfo.InvariantCulture));
            else
                LedgerLine.Read(Convert.FromHexString(text.AsSpan(1))).ForEach(line => _ = line.Mark == LedgerMark.Begun ? begun.Add(line.Seq) : begun.Remove(line.Seq));
        }

        return begun.Count;
    }

    /// <summary>Opens a field with a database of its own.</summary>
    /// <param name="server">Shared by the tests of a class; each leaves it running.</param>
    /// <param name="script">What the relay does wrong.</param>
    /// <param name="set">Changes the relay.</param>
    public static async Task<FaultField> OpenAsync(CrashableServer server, FaultScript? script = null, Action<InboxOptions>? set = null) =>
        new(server, await Mailroom.OpenAsync(await server.CreateDatabaseAsync(), script, set));

    /// <summary>A setting of every worker started from now on.</summary>
    public void Set(string name, string value) => _settings[name] = value;

    /// <summary>So many readers, and one issue for them that waits for workers.</summary>
    /// <param name="readers">How many.</param>
    /// <param name="batch">Deliveries claimed together.</param>
    public async Task<long> FreezeAsync(int readers, int batch = 50)
    {
        Room.Scheduling.UseBatchesOf(batch);
        Set("Delivery__BatchSize", batch.ToString(CultureInfo.InvariantCulture));
        return await Room.FreezeIssueAsync(readers);
    }

    /// <summary>A worker, as on a machine of its own.</summary>
    /// <param name="more">Settings and variables only it has.</param>
    public ProgramProcess StartWorker(params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>(_settings, StringComparer.Ordinal);
        foreach (var (name, value) in more)
            environment[name] = value;
        var worker = ProgramProcess.Start(environment, "serve", "--role", "worker");
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Two workers ready to work, on anything that is frozen from now on. They hand over every other second, so that neither keeps it all.</summary>
    /// <param name="one">Settings and variables of the first.</param>
    /// <param name="other">Settings and variables of the second.</param>
    public async Task<(ProgramProcess One, ProgramProcess Other)> StartTwoAsync((string, string)[] one, (string, string)[] other)
    {
        Set("Delivery__HandOverSeconds", "2");
        // The first makes Hangfire's tables.
        var first = StartWorker(one);
        await UntilAsync(async () => await Room.Database.ScalarAsync<bool>("select to_regclass('hangfire.server') is not null"), "a worker");
        var second = StartWorker(other);
        await UntilAsync(async () => await Room.Database.ScalarAsync<long>("select count(*) from hangfire.server where id like '%:issues:%'") == 2, "two workers");
        return (first, second);
    }

    /// <summary>The server serves again after a crash.</summary>
    public async Task StartServerAgainAsync()
    {
        await Server.StartAgainAsync();
        // What the test's own pool holds was cut.
        Room.Database.DataSource.Clear();
    }

    /// <summary>Kills a worker at once, and counts what it had open. Held first, so that the count is of that very moment.</summary>
    public void Kill(ProgramProcess worker)
    {
        Hold(worker);
        Kills++;
        worker.Kill();
    }

    /// <summary>Holds a worker, and counts what it had open: whatever was in flight there may come twice, as if it had been killed.</summary>
    public void Hold(ProgramProcess worker)
    {
        worker.Stop();
        Connections += Inbox.ConnectionsOpen;
    }

    /// <summary>So many messages have arrived.</summary>
    public async Task ArrivedAsync(long count)
    {
        try
        {
            await Inbox.Messages.WaitForAsync(count, Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}\n{Said}", late);
        }
    }

    /// <summary>Nothing of the issue waits any more.</summary>
    public Task FinishedAsync(long issue) => UntilAsync(async () => (await Room.ReceiptAsync(issue)).State is "finished" or "cancelled", "the issue's end");

    /// <summary>Looks again and again, until it is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"It did not happen: {what}. Seed {FaultForm.Seed}.\n{Said}");
            await Task.Delay(100);
        }
    }

    /// <summary>The promise, with this field's kills.</summary>
    public Promise Promise(string fault) => new(fault, Kills, Connections);

    /// <summary>What the workers said last.</summary>
    public string Said => string.Join("\n---\n", _workers.Select(worker => $"worker {worker.Id}{(worker.HasExited ? " (ended)" : "")}:\n{worker.Said}"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            worker.Dispose();
        await Room.DisposeAsync();
        if (await Server.AnswersAsync())
            await Room.Database.DisposeAsync();
    }
}
