using System.CommandLine;
using System.Diagnostics;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary><c>export</c>: <c>newsletter subscribers export</c> as a person runs it, and how much memory it takes; then counts of a segment.</summary>
internal static class ExportVerb
{
    public static Command Create()
    {
        var (sizes, tenMillion, folder, json) = (BenchmarkOptions.Sizes(), BenchmarkOptions.TenMillion(), BenchmarkOptions.Folder(), BenchmarkOptions.Json());
        var command = new Command("export", "Export 100,000, 1,000,000 (and 10,000,000) readers as CSV.") { sizes, tenMillion, folder, json };
        command.SetAction(async (parsed, _) =>
        {
            await using var database = await BenchmarkDatabase.OpenAsync(parsed.GetValue(folder));
            await using var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString);
            await ReaderList.CreateNewsletterAsync(rooms);
            var growth = new Growth("export");
            foreach (var size in BenchmarkOptions.Sizes(parsed, sizes, tenMillion))
            {
                await ReaderList.GrowAsync(database, size);
                growth.Add(size, await ExportAsync(database, size));
                await CountAsync(rooms);
            }

            if (parsed.GetValue(json))
                growth.WriteJson();
            return 0;
        });
        return command;
    }

    private static async Task<TimeSpan> ExportAsync(BenchmarkDatabase database, int size)
    {
        var csv = Path.GetTempFileName();
        try
        {
            var program = Path.Combine(AppContext.BaseDirectory, "newsletter.dll");
            var start = new ProcessStartInfo("dotnet", [program, "subscribers", "export", "--newsletter", ReaderList.Newsletter, "--output", csv])
            {
                WorkingDirectory = Path.GetDirectoryName(csv)!,
                UseShellExecute = false,
            };
            start.Environment["ConnectionStrings__Newsletter"] = database.ConnectionString;
            start.Environment["Links__Keys__k1"] = Convert.ToBase64String(new byte[32]);
            var clock = Stopwatch.StartNew();
            using var export = Process.Start(start)!;
            long peak = 0;
            while (!export.WaitForExit(200))
            {
                export.Refresh();
                peak = Math.Max(peak, export.HasExited ? 0 : export.WorkingSet64);
            }

            var took = clock.Elapsed;
            await Console.Error.WriteLineAsync(Figures.Invariant($"peak memory of the export of {size:N0}: {peak / 1_000_000} MB"));
            var lines = File.ReadLines(csv).LongCount();
            return export.ExitCode == 0 && lines == size + 1 ? took : throw new BenchmarkException($"Of {size} readers {lines - 1} were exported (exit code {export.ExitCode}).");
        }
        finally
        {
            File.Delete(csv);
        }
    }

    private static async Task CountAsync(BenchmarkRooms rooms)
    {
        var sizes = rooms.Get<SegmentSizeStore>();
        var context = (await sizes.ContextAsync(ReaderList.Newsletter, default))!;
        foreach (var text in new[] { "tags has \"beta\"", "attributes.city = \"town 7\"", "name contains \"99\" and not clicked(last 5 issues)" })
        {
            SegmentFilter.TryParse(text, out var filter);
            var clock = Stopwatch.StartNew();
            var size = await sizes.CountAsync(filter!, context, default);
            await Console.Error.WriteLineAsync(Figures.Invariant($"{text}: {size.Audience:N0} readers in {clock.Elapsed.TotalSeconds:0.00} s"));
        }
    }
}
