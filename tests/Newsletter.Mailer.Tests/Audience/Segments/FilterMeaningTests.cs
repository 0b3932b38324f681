using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience.Segments;

/// <summary>Whom filters are true of, asked of the database.</summary>
public sealed class FilterMeaningTests : DatabaseTest
{
    private NewsletterProfile newsletter = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        newsletter = await Some.NewsletterAsync(Database);
        // Ana, Bo, Cy and Di; another newsletter's reader must never turn up.
        await Database.ExecuteAsync("""
            insert into newsletters (slug, name, from_address) values ('milk', 'Milk', 'milk@example.com');
            insert into subscribers (address, name, attributes, tags, language, time_zone) values
              ('Ana@Example.com', 'Ana Ärmel', '{"city": "Rome", "age": "41", "vip": true, "topics": ["AI", "Tea"], "born": "1985-05-05"}', '{beta,vip}', 'pt-BR', 'Europe/Lisbon'),
              ('bo@example.org', 'Bo', '{"city": "Oslo", "age": 18, "first_name": "Robert"}', '{beta}', 'en', null),
              ('cy@mail.test', null, '{"age": "unknown", "city": ""}', '{}', null, null),
              ('di@example.net', 'Di', '{}', '{}', 'de', null),
              ('ed@example.net', 'Ed', '{"city": "Rome"}', '{beta}', 'de', null);
            """);
        await Database.ExecuteAsync("""
            insert into subscriptions (newsletter_id, subscriber_id, status, tier, created_at, confirmed_at) values
              ($1, 1, 'active', 'premium', '2025-12-31T22:59:59Z', '2026-01-05T00:00:00Z'),
              ($1, 2, 'active', 'free', '2025-12-31T23:00:00Z', '2026-01-01T00:00:00Z'),
              ($1, 3, 'active', 'free', now() - interval '3 days', null),
              ($1, 4, 'active', 'premium', '2024-01-01T12:00:00Z', '2024-01-01T12:00:00Z'),
              ($1, 5, 'unsubscribed', 'premium', '2024-01-01T12:00:00Z', '2024-01-01T12:00:00Z');
            """, newsletter.Id);
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select id, 5, 'active', now() from newsletters where slug = 'milk'");
        await Database.ExecuteAsync("update subscriptions set frequency = 'digest' where subscriber_id = 3");
        // Issues 11 to 20, the last of them yesterday, one a week; 15 is of the other newsletter.
        await Database.ExecuteAsync("""
            insert into mailings (issue_id, newsletter_id, sent_at)
            select n, case n when 15 then (select id from newsletters where slug = 'milk') else $1 end, now() - interval '1 day' - (20 - n) * interval '7 days' from generate_series(11, 20) n
            """, newsletter.Id);
        await Database.ExecuteAsync("""
            insert into engagement (subscriber_id, newsletter_id, received_issue, clicked_issue, voted_issue) values
              (1, $1, 20, 20, 14), (2, $1, 20, 16, null), (3, $1, 11, null, null)
            """, newsletter.Id);
    }

    [Theory]
    [InlineData("tier = \"premium\"", "1 4")]
    [InlineData("tier != 'PREMIUM'", "2 3")]
    [InlineData("frequency = \"digest\"", "3")]
    [InlineData("frequency != \"digest\"", "1 2 4")]
    [InlineData("email = \"ANA@example.com\"", "1")]
    [InlineData("domain in (\"example.com\", \"MAIL.test\")", "1 3")]
    [InlineData("name contains \"ÄRM\"", "1")]
    [InlineData("name is empty", "3")]
    [InlineData("first_name = \"robert\" or first_name = \"ana\"", "1 2")]
    [InlineData("language starts_with \"PT\"", "1")]
    [InlineData("time_zone is not empty", "1")]
    [InlineData("not language = \"en\"", "1 3 4")]
    [InlineData("attributes.city = \"rome\"", "1")]
    [InlineData("attributes.city != \"rome\"", "2 3 4")]
    [InlineData("attributes.city in (\"ROME\", \"oslo\")", "1 2")]
    [InlineData("attributes.city is empty", "3 4")]
    [InlineData("attributes.age >= 18", "1 2")]
    [InlineData("attributes.age > 18", "1")]
    [InlineData("attributes.age = 18.0", "2")]
    [InlineData("attributes.age != 18", "1 3 4")]
    [InlineData("attributes.age = \"unknown\"", "3")]
    [InlineData("attributes.vip = true", "1")]
    [InlineData("attributes.topics has \"tea\"", "1")]
    [InlineData("attributes.city has \"rome\"", "1")]
    [InlineData("attributes.born < 1990-01-01", "1")]
    [InlineData("attributes.born > 1985-05-05", "")]
    [InlineData("tags has \"BETA\"", "1 2")]
    [InlineData("tags has all (\"vip\", \"beta\")", "1")]
    [InlineData("tags has any (\"vip\", \"none\")", "1")]
    [InlineData("tags is empty", "3 4")]
    [InlineData("not tags has \"vip\"", "2 3 4")]
    // Midnight in Berlin is 23:00 UTC.
    [InlineData("subscribed_before 2026-01-01", "1 4")]
    [InlineData("subscribed_after 2025-12-31", "2 3")]
    [InlineData("subscribed_within 4 days", "3")]
    [InlineData("confirmed_before 2026-01-02", "2 4")]
    [InlineData("confirmed_after 2026-01-04", "1")]
    [InlineData("received(last issue)", "1 2")]
    [InlineData("clicked(last issue)", "1")]
    [InlineData("clicked(last 4 issues)", "1")]
    [InlineData("clicked(last 5 issues)", "1 2")]
    [InlineData("not clicked(last 5 issues)", "3 4")]
    [InlineData("voted(last 5 issues)", "")]
    // One of the ten is not this newsletter's: the 14th is the sixth from the end.
    [InlineData("voted(last 6 issues)", "1")]
    [InlineData("voted(last 1000 issues)", "1")]
    [InlineData("clicked(last 28 days)", "1")]
    [InlineData("clicked(last 30 days)", "1 2")]
    [InlineData("received(since 1999-01-01)", "1 2 3")]
    [InlineData("received(since 2999-01-01)", "")]
    [InlineData("clicked(ever)", "1 2")]
    [InlineData("tier = \"premium\" and (tags has \"beta\" or not received(ever))", "1 4")]
    public async Task AFilterIsTrueOfTheRightReaders(string filter, string readers)
    {
        var context = (await new SegmentSizeStore(DataSource).ContextAsync(newsletter.Slug, default))!;
        var expected = readers.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(new SegmentSize(expected.Length, 0), await new SegmentSizeStore(DataSource).CountAsync(SegmentFilterTests.Read(filter), context, default));
        foreach (var id in expected)
        {
            var size = await new SegmentSizeStore(DataSource).CountAsync(
                SegmentFilterTests.Read($"({filter}) and email = \"{await Database.ScalarAsync<string>("select address from subscribers where id = $1", long.Parse(id, System.Globalization.CultureInfo.InvariantCulture))}\""), context, default);
            Assert.Equal(1, size.Audience);
        }
    }

    [Theory]
    [InlineData("\u30005")]
    [InlineData("\u20035 ")]
    [InlineData("\u00a05")]
    [InlineData("٥")]
    [InlineData(" 5e1")]
    [InlineData("5.")]
    public async Task WhatTheDatabaseCallsNoNumberIsNone(string age)
    {
        await Database.ExecuteAsync("update subscribers set attributes = jsonb_build_object('age', $1::text) where id in (1, 2, 3)", age);

        await AFilterIsTrueOfTheRightReaders("attributes.age >= 3", "");
    }

    [Fact]
    public async Task ADomainMayBeWrittenAsPeopleReadIt()
    {
        await Database.ExecuteAsync("update subscribers set address = 'ana@xn--grn-ioa.example' where id = 1");

        await AFilterIsTrueOfTheRightReaders("domain = \"GRÜN.example\" or domain in (\"mail.test\", \"x y\")", "1 3");
    }

    [Fact]
    public async Task WhoIsSuppressedIsCountedApart()
    {
        await Database.ExecuteAsync("insert into suppressions (address, domain, reason) values ('ANA@example.com', null, 'manual'), (null, 'example.net', 'manual')");
        var sizes = new SegmentSizeStore(DataSource);

        Assert.Equal(new SegmentSize(2, 2), await sizes.CountAsync(SegmentFilterTests.Read("tier = \"premium\""), (await sizes.ContextAsync("tea", default))!, default));
        Assert.Null(await sizes.ContextAsync("water", default));
    }
}
