using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Benchmarks.Sending;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary><c>memory</c>: a whole worker, but for the wire, sends to many readers; what it needs must not grow with them.</summary>
internal static class MemoryVerb
{
    public static Command Create()
    {
        var (sizes, tenMillion, folder, json) = (BenchmarkOptions.Sizes(), BenchmarkOptions.TenMillion(), BenchmarkOptions.Folder(), BenchmarkOptions.Json());
        var connections = new Option<int>("--connections") { Description = "Lanes of the worker.", DefaultValueFactory = _ => 16, HelpName = "N" };
        var command = new Command("memory", "Peak memory of a worker that claims, fills and records for 100,000 and 1,000,000 readers, without the wire.")
        {
            sizes, tenMillion, connections, folder, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var growth = await RunAsync(BenchmarkOptions.Sizes(parsed, sizes, tenMillion), parsed.GetValue(connections), parsed.GetValue(folder));
            if (parsed.GetValue(json))
                growth.WriteJson();
            return 0;
        });
        return command;
    }

    private static async Task<Growth> RunAsync(int[] sizes, int connections, string? folder)
    {
        await using var database = await BenchmarkDatabase.OpenAsync(folder);
        await using var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString);
        await ReaderList.CreateNewsletterAsync(rooms);
        var growth = new Growth("worker");
        foreach (var size in sizes)
        {
            await ReaderList.GrowAsync(database, size);
            var (body, _) = await BenchmarkIssue.WriteAsync(rooms);
            await BenchmarkIssue.FreezeAsync(database, rooms, body);
            await database.SettleAsync();
            // A process of its own for each size: its peak is this size's.
            await using var sender = await SenderProcess.StartAsync(database, new BenchmarkRelay(Port: 1, connections, Chunking: false), "--no-smtp");
            var figures = await sender.SendAsync();
            growth.Add(size, TimeSpan.FromSeconds(figures.Seconds), figures.PeakMemoryMb);
        }

        return growth;
    }
}
