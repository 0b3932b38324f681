using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Benchmarks.Reading;

/// <summary><c>reading</c>: how quickly the web edition is served, known to the server or not, as a whole or as not modified; and its feed.</summary>
internal static class ReadingVerb
{
    private const int Warming = 50;

    public static Command Create()
    {
        var editions = new Option<int>("--editions") { Description = "Editions in the archive.", DefaultValueFactory = _ => 200 };
        var requests = new Option<int>("--requests") { Description = "Requests of each kind.", DefaultValueFactory = _ => 5_000 };
        var readers = new Option<int>("--readers") { Description = "Readers asking at once.", DefaultValueFactory = _ => 8 };
        var json = BenchmarkOptions.Json();
        var command = new Command("reading", "Time the web editions of an archive, its list and its feed, over loopback.") { editions, requests, readers, json };
        command.SetAction(async (parsed, stop) =>
        {
            await using var server = await ServerUnderTest.StartAsync();
            var slugs = await PublishAsync(server, parsed.GetValue(editions), stop);
            var report = await MeasureAsync(server, slugs, parsed.GetValue(requests), parsed.GetValue(readers), stop);
            foreach (var figures in report)
                await Console.Out.WriteLineAsync(figures.ToString());
            if (parsed.GetValue(json))
                Figures.WriteJson(report);
            return 0;
        });
        return command;
    }

    private static async Task<List<string>> PublishAsync(ServerUnderTest server, int editions, CancellationToken stop)
    {
        await Some.NewsletterAsync(server.Database, static _ => NewsletterDraft.Of(SampleEdition.Newsletter));
        var (desk, publisher) = (server.Services.GetRequiredService<EditionDesk>(), server.Services.GetRequiredService<IssuePublisher>());
        var body = SampleEdition.Source[(SampleEdition.Source.IndexOf("\n---", 3, StringComparison.Ordinal) + 4)..];
        var slugs = new List<string>();
        for (var i = 1; i <= editions; i++)
        {
            var slug = Figures.Invariant($"edition-{i}");
            var kept = await desk.CreateAsync(SampleEdition.Newsletter.Slug, $"---\ntitle: Edition {i}\nslug: {slug}\n---\n{body}", stop);
            var edition = kept is EditionChange.Saved saved ? saved.Edition : throw new BenchmarkException($"The edition was not kept: {kept}");
            await Some.DueAsync(server.Database, edition);
            await publisher.PublishAsync(edition.Id, stop);
            slugs.Add(slug);
        }

        // As autovacuum does within a minute.
        await server.Database.ExecuteAsync("analyze");
        return slugs;
    }

    private static async Task<List<ReadingFigures>> MeasureAsync(ServerUnderTest server, List<string> slugs, int requests, int readers, CancellationToken stop)
    {
        var root = $"/n/{SampleEdition.Newsletter.Slug}";
        using var client = server.ClientWith(null);
        // What the runtime compiles at first is no page's fault.
        for (var i = 0; i < Warming; i++)
            foreach (var path in (string[])[$"{root}/archive/{slugs[0]}", $"{root}/archive", $"{root}/feed.xml"])
                await client.GetByteArrayAsync(path, stop);
        using var known = await client.GetAsync($"{root}/archive/{slugs[0]}", stop);
        var tag = known.Headers.ETag!.ToString();
        return
        [
            await ReadingFigures.TimeAsync("first asked for", client, i => $"{root}/archive/{slugs[1 + (i % (slugs.Count - 1))]}", null, Math.Min(requests, slugs.Count - 1), readers, stop),
            await ReadingFigures.TimeAsync("an edition", client, i => $"{root}/archive/{slugs[i % slugs.Count]}", null, requests, readers, stop),
            await ReadingFigures.TimeAsync("not modified", client, _ => $"{root}/archive/{slugs[0]}", tag, requests, readers, stop),
            await ReadingFigures.TimeAsync("the archive", client, _ => $"{root}/archive", null, requests, readers, stop),
            await ReadingFigures.TimeAsync("the feed", client, _ => $"{root}/feed.xml", null, requests, readers, stop),
        ];
    }
}
