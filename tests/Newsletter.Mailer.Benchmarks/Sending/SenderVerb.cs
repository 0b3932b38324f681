using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>The child process that sends: nothing but what a worker has. One issue a line of standard input, figures on standard output.</summary>
internal static class SenderVerb
{
    public static Command Create()
    {
        var database = new Option<string>("--database") { Required = true };
        var port = new Option<int>("--port") { Required = true };
        var connections = new Option<int>("--connections") { Required = true };
        var chunking = new Option<bool>("--chunking");
        var recording = new Option<bool>("--no-recording");
        var wire = new Option<bool>("--no-smtp");
        var command = new Command("sender", "What the other verbs start to send with.") { database, port, connections, chunking, recording, wire };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            var relay = new BenchmarkRelay(parsed.GetValue(port), parsed.GetValue(connections), parsed.GetValue(chunking));
            await using var rooms = await BenchmarkRooms.OpenAsync(parsed.GetValue(database)!, relay);
            await ServeAsync(Parts(rooms, recorded: !parsed.GetValue(recording), smtp: !parsed.GetValue(wire)));
            return 0;
        });
        return command;
    }

    private static SendingParts Parts(BenchmarkRooms rooms, bool recorded, bool smtp)
    {
        var parts = rooms.Get<SendingParts>();
        if (!recorded)
            parts = parts with { Recorder = new NoRecorder() };
        if (!smtp)
            parts = parts with { Relays = new BulkRelays(new RelayPool(parts.Relays.Pool.Relays, new NoTransport(), TimeProvider.System)) };
        return parts;
    }

    private static async Task ServeAsync(SendingParts parts)
    {
        var asked = Channel.CreateUnbounded<string>();
        _ = Task.Run(() => Listen(asked.Writer));
        Console.WriteLine("ready");
        await foreach (var _ in asked.Reader.ReadAllAsync())
        {
            var (cpu, allocated, gen2) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(2));
            var clock = Stopwatch.StartNew();
            await SendAllAsync(parts);
            var figures = new SenderFigures
            {
                Seconds = clock.Elapsed.TotalSeconds,
                CpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
                AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocated,
                Gen2Collections = GC.CollectionCount(2) - gen2,
                PeakMemoryMb = PeakMemory(),
            };
            Console.WriteLine(JsonSerializer.Serialize(figures));
        }
    }

    // The end of the input says that whoever started this process is gone or done with it: it must not go on alone.
    private static void Listen(ChannelWriter<string> asked)
    {
        while (Console.In.ReadLine() is { } line)
            asked.TryWrite(line);
        Environment.Exit(0);
    }

    // As many senders as a worker has jobs; one whose time is up is replaced at once.
    private static Task SendAllAsync(SendingParts parts) => Task.WhenAll(Enumerable.Range(0, parts.Options.Senders).Select(async _ =>
    {
        while (await new BatchSender(parts).RunAsync(CancellationToken.None) == SenderRun.HandOver)
        {
        }
    }));

    private static double PeakMemory()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
