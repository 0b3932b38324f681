using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary><c>claim</c>: the database's share of sending: batches claimed, every outcome and intent recorded, batches closed.</summary>
internal static class ClaimVerb
{
    private const string Body = "Dear {{ subscriber.first_name | default: \"friend\" }}, the tide is in.\n";

    public static Command Create()
    {
        var (sizes, tenMillion, folder, json) = (BenchmarkOptions.Sizes(), BenchmarkOptions.TenMillion(), BenchmarkOptions.Folder(), BenchmarkOptions.Json());
        var lanes = new Option<int[]>("--lanes")
        {
            Description = "Connections that wait for their intents; each waits for a commit before it goes on. Default: 16, 64 and 256.",
            HelpName = "N…",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [16, 64, 256],
        };
        var command = new Command("claim", "Claim and record 100,000, 1,000,000 (and 10,000,000) deliveries without sending them.") { sizes, tenMillion, lanes, folder, json };
        command.SetAction(async (parsed, _) =>
        {
            foreach (var count in parsed.GetValue(lanes)!)
            {
                var growth = await RunAsync(BenchmarkOptions.Sizes(parsed, sizes, tenMillion), count, parsed.GetValue(folder));
                if (parsed.GetValue(json))
                    growth.WriteJson();
            }

            return 0;
        });
        return command;
    }

    private static async Task<Growth> RunAsync(int[] sizes, int lanes, string? folder)
    {
        await using var database = await BenchmarkDatabase.OpenAsync(folder);
        await using var rooms = await BenchmarkRooms.OpenAsync(database.ConnectionString);
        await ReaderList.CreateNewsletterAsync(rooms);
        var growth = new Growth($"claim and record over {lanes} connections");
        foreach (var size in sizes)
        {
            await ReaderList.GrowAsync(database, size);
            var (issue, _) = await BenchmarkIssue.FreezeAsync(database, rooms, Body);
            await database.SettleAsync();
            var took = await new ClaimLoop(rooms, lanes).RunAsync();
            var accepted = await database.ScalarAsync<long>("select count(*) from deliveries where issue_id = $1 and status = 'accepted'", issue);
            growth.Add(size, accepted == size ? took : throw new BenchmarkException($"Of {size} deliveries {accepted} are accepted."));
            await database.ExecuteAsync("update issues set state = 'finished' where id = $1", issue);
        }

        return growth;
    }
}
