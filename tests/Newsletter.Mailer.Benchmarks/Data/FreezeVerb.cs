using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary><c>freeze</c>: an edition becomes an issue with a row in the ledger for every reader.</summary>
internal static class FreezeVerb
{
    private const string Body = "Dear {{ subscriber.first_name | default: \"friend\" }}, the tide is in.\n";

    public static Command Create()
    {
        var (sizes, tenMillion, folder, json) = (BenchmarkOptions.Sizes(), BenchmarkOptions.TenMillion(), BenchmarkOptions.Folder(), BenchmarkOptions.Json());
        var command = new Command("freeze", "Freeze an issue for 100,000, 1,000,000 (and 10,000,000) readers.") { sizes, tenMillion, folder, json };
        command.SetAction(async (parsed, _) =>
        {
            var growth = await RunAsync(BenchmarkOptions.Sizes(parsed, sizes, tenMillion), parsed.GetValue(folder));
            if (parsed.GetValue(json))
                growth.WriteJson();
            return 0;
        });
        return command;
    }

    private static async Task<Growth> RunAsync(int[] sizes, string? folder)
    {
        await using var database = await BenchmarkDatabase.OpenAsync(folder);
        await using var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString);
        await ReaderList.CreateNewsletterAsync(rooms);
        await ReaderList.GrowAsync(database, 10_000);
        // The first issue pays for compiling the code that makes one.
        await BenchmarkIssue.FreezeAsync(database, rooms, Body);
        var growth = new Growth("freeze");
        foreach (var size in sizes)
        {
            await ReaderList.GrowAsync(database, size);
            var (_, took) = await BenchmarkIssue.FreezeAsync(database, rooms, Body);
            growth.Add(size, took);
        }

        return growth;
    }
}
