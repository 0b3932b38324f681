using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>One newsletter and its made-up readers, at reserved domains.</summary>
internal static class ReaderList
{
    public const string Newsletter = "the-tide-table";

    private const string InsertReaders = """
        with made as (
            insert into subscribers (address, name, attributes)
            select 'reader' || n || '@' || (array['example.com', 'example.org', 'example.net', 'mail.test'])[n % 4 + 1],
                   'Reader' || n || ' Example', jsonb_build_object('city', 'Town ' || n % 1000)
            from generate_series($1, $2) n
            returning id)
        insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at)
        select (select id from newsletters where slug = $3), id, 'active', 'free', now() from made
        """;

    private const int AtOnce = 250_000;

    public static async Task CreateNewsletterAsync(BenchmarkRooms rooms)
    {
        var draft = new NewsletterDraft
        {
            Slug = Newsletter,
            Name = "The Tide Table",
            FromAddress = "letters@tidetable.example.com",
            PostalAddress = "1 Harbour Steps, St Example",
            TimeZone = "Europe/London",
        };
        if (await rooms.Get<NewsletterStore>().CreateAsync(draft, default) is not AudienceOutcome<NewsletterProfile>.Created)
            throw new BenchmarkException("The newsletter was not created.");
    }

    /// <summary>Adds readers until there are so many.</summary>
    public static async Task GrowAsync(BenchmarkDatabase database, int count)
    {
        var present = await database.ScalarAsync<long>("select count(*) from subscribers");
        for (var from = (int)present + 1; from <= count; from += AtOnce)
            await database.ExecuteAsync(InsertReaders, from, Math.Min(count, from + AtOnce - 1), Newsletter);
        await database.ExecuteAsync("vacuum analyze subscribers, subscriptions");
        await database.SettleAsync();
    }
}
