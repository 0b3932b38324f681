using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class AudienceSizeTests : DatabaseTest
{
    [Fact]
    public async Task OnlyActiveSubscriptionsOfTheTierAreCounted()
    {
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com'), ('milk', 'Milk', 'milk@example.com');
            insert into subscribers (address) select 'reader' || n || '@example.com' from generate_series(1, 10) n;
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at, unsubscribed_at, unsubscribed_by)
            select 1, id, case when id <= 6 then 'active' when id <= 8 then 'pending' else 'unsubscribed' end, case when id <= 2 then 'premium' else 'free' end,
                   case when id <= 6 then now() end, case when id > 8 then now() end, case when id > 8 then 'page' end
            from subscribers;
            """);
        var sizes = new AudienceSizeStore(DataSource);

        Assert.Equal(6, Size(await sizes.FindAsync("tea", "free", null, default)));
        Assert.Equal(2, Size(await sizes.FindAsync("tea", "premium", null, default)));
        Assert.Equal(0, Size(await sizes.FindAsync("milk", "free", null, default)));
        Assert.Equal("newsletter", Problem(await sizes.FindAsync("water", "free", null, default)));
    }

    [Fact]
    public async Task OfASegmentOnlyWhoIsInItIsCounted()
    {
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com');
            insert into subscribers (address, tags) select 'reader' || n || '@example.com', case when n <= 4 then '{beta}'::text[] else '{}' end from generate_series(1, 10) n;
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at)
            select 1, id, 'active', case when id <= 3 then 'premium' else 'free' end, now() from subscribers;
            insert into segments (newsletter_id, slug, name, filter) values (1, 'testers', 'The Testers', 'tags has "beta"'), (1, 'bad', 'Bad', 'tags has');
            """);
        var sizes = new AudienceSizeStore(DataSource);

        Assert.Equal(4, Size(await sizes.FindAsync("tea", "free", "testers", default)));
        Assert.Equal(3, Size(await sizes.FindAsync("tea", "premium", "The Testers", default)));
        Assert.Equal("segment", Problem(await sizes.FindAsync("tea", "free", "nobody", default)));
        Assert.Equal("segment", Problem(await sizes.FindAsync("tea", "free", "bad", default)));
    }

    private static long Size(AudienceOutcome<long> outcome) => Assert.IsType<AudienceOutcome<long>.Found>(outcome).Value;

    private static string Problem(AudienceOutcome<long> outcome) => Assert.Single(Assert.IsType<AudienceOutcome<long>.Invalid>(outcome).Problems).Field;
}
