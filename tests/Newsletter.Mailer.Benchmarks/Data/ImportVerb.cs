using System.CommandLine;
using System.Diagnostics;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary><c>import</c>: <c>newsletter subscribers import</c> as a person runs it, into an empty database.</summary>
internal static class ImportVerb
{
    private static readonly string[] Domains = ["example.com", "example.org", "example.net", "mail.test"];

    public static Command Create()
    {
        var (sizes, tenMillion, folder, json) = (BenchmarkOptions.Sizes(), BenchmarkOptions.TenMillion(), BenchmarkOptions.Folder(), BenchmarkOptions.Json());
        var command = new Command("import", "Import a CSV of 100,000, 1,000,000 (and 10,000,000) readers.") { sizes, tenMillion, folder, json };
        command.SetAction(async (parsed, _) =>
        {
            var growth = new Growth("import");
            foreach (var size in BenchmarkOptions.Sizes(parsed, sizes, tenMillion))
                growth.Add(size, await MeasureAsync(size, parsed.GetValue(folder)));
            if (parsed.GetValue(json))
                growth.WriteJson();
            return 0;
        });
        return command;
    }

    private static async Task<TimeSpan> MeasureAsync(int size, string? folder)
    {
        await using var database = await BenchmarkDatabase.OpenAsync(folder);
        await using (var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString))
            await ReaderList.CreateNewsletterAsync(rooms);
        var csv = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(csv, Lines(size));
            var took = await ImportAsync(database, csv);
            var members = await database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'");
            return members == size ? took : throw new BenchmarkException($"Of {size} rows {members} became subscriptions.");
        }
        finally
        {
            File.Delete(csv);
        }
    }

    private static async Task<TimeSpan> ImportAsync(BenchmarkDatabase database, string csv)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "newsletter.dll");
        var start = new ProcessStartInfo("dotnet", [program, "subscribers", "import", csv, "--newsletter", ReaderList.Newsletter])
        {
            WorkingDirectory = Path.GetDirectoryName(csv)!,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["ConnectionStrings__Newsletter"] = database.ConnectionString;
        start.Environment["Links__Keys__k1"] = Convert.ToBase64String(new byte[32]);
        var clock = Stopwatch.StartNew();
        using var import = Process.Start(start)!;
        await Console.Error.WriteLineAsync((await import.StandardOutput.ReadToEndAsync()).Trim());
        await import.WaitForExitAsync();
        return import.ExitCode == 0 ? clock.Elapsed : throw new BenchmarkException($"newsletter subscribers import ended with {import.ExitCode}.");
    }

    private static IEnumerable<string> Lines(int size)
    {
        yield return "email,name,city";
        for (var number = 1; number <= size; number++)
            yield return Figures.Invariant($"reader{number}@{Domains[number % Domains.Length]},Reader{number} Example,Town {number % 1000}");
    }
}
