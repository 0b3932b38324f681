using System.Diagnostics;
using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>An edition whose finished message has a wanted size, frozen into an issue as the program does it.</summary>
internal static class BenchmarkIssue
{
    /// <summary>What smtp-source is asked for with <c>-l</c>: 60 KB.</summary>
    public const int MessageBytes = 61_440;

    private const string Greeting = """
        Dear {{ subscriber.first_name | default: "friend" }},

        here is what the water does at {{ subscriber.attributes.city | default: "home" }} this week. You read this as {{ subscriber.address }}.


        """;

    private const string Paragraph = """
        The harbour was quiet, and the [tide tables](https://example.org/tides) say that it will stay so: high water before breakfast, low
        water at tea, and between them the long grey middle in which boats are mended, nets are counted and *nothing at all* happens, as it should.


        """;

    /// <summary>Freezes the whole audience.</summary>
    /// <returns>The issue's id and how long it took.</returns>
    public static async Task<(long Id, TimeSpan Took)> FreezeAsync(BenchmarkDatabase database, BenchmarkRooms rooms, string body)
    {
        var slug = $"edition-{Guid.NewGuid():n}";
        var saved = await rooms.Get<EditionDesk>().CreateAsync(ReaderList.Newsletter, Source(slug, body), default) as EditionChange.Saved
            ?? throw new BenchmarkException("The edition was not kept.");
        await database.ExecuteAsync(
            "update editions set state = 'scheduled', send_at = now(), send_local = now() at time zone 'UTC', send_zone = 'Etc/UTC' where id = $1", saved.Edition.Id);
        var clock = Stopwatch.StartNew();
        var published = await rooms.Get<IssuePublisher>().PublishAsync(saved.Edition.Id, default);
        var took = clock.Elapsed;
        if (published != Publishing.Frozen)
            throw new BenchmarkException($"The issue was not frozen: {published}.");
        return (await database.ScalarAsync<long>("select id from issues where edition_id = $1", saved.Edition.Id), took);
    }

    /// <summary>A text whose finished message comes as near to <see cref="MessageBytes"/> as whole paragraphs do.</summary>
    public static async Task<(string Body, CompiledMessage Message)> WriteAsync(BenchmarkRooms rooms)
    {
        var newsletter = await rooms.Get<NewsletterStore>().FindAsync(ReaderList.Newsletter, default) ?? throw new BenchmarkException("The newsletter is missing.");
        return Write(newsletter);
    }

    /// <summary>The same for a newsletter in no database.</summary>
    public static (string Body, CompiledMessage Message) Write(NewsletterProfile newsletter)
    {
        for (var paragraphs = 1; ; paragraphs++)
        {
            var body = Greeting + new StringBuilder().Insert(0, Paragraph, paragraphs);
            var message = Compile(newsletter, Source("edition", body));
            if (message.Fill(SomeReader).Length >= MessageBytes)
                return (body, message);
        }
    }

    /// <summary>A reader like those of <see cref="ReaderList"/>.</summary>
    public static Recipient SomeReader { get; } = new()
    {
        Address = "reader123456@example.com",
        MessageId = "42.123456.0123456789ab@tidetable.example.com",
        UnsubscribeUrl = "https://news.example.com/unsubscribe/k1.AQKAAQNhYWFhYWFhYWFhYWFhYWFhYQ",
        Name = "Reader123456 Example",
        FirstName = "Reader123456",
        Attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["city"] = "Town 456" },
    };

    private static string Source(string slug, string body) =>
        $"---\ntitle: High water\nslug: {slug}\nsubject: 'High water, {{{{ subscriber.first_name | default: \"friend\" }}}}'\n---\n{body}";

    private static CompiledMessage Compile(NewsletterProfile newsletter, string source)
    {
        var sent = DateTimeOffset.UnixEpoch;
        var readiness = EditionReadiness.Check(source, newsletter, new Uri("https://news.example.com"), sent, ["city"], number: 1);
        return readiness is EditionReadiness.Ready ready
            ? MessageCompiler.Compile(ready.Rendered.Variants[0], new IssueHeaders { IssueId = 1, Date = sent })
            : throw new BenchmarkException($"The edition can't be rendered: {readiness}.");
    }
}
