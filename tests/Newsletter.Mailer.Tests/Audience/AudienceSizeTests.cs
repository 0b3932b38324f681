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

        Assert.Equal(6, await sizes.FindAsync("tea", "free", default));
        Assert.Equal(2, await sizes.FindAsync("tea", "premium", default));
        Assert.Equal(0, await sizes.FindAsync("milk", "free", default));
        Assert.Null(await sizes.FindAsync("water", "free", default));
    }
}
