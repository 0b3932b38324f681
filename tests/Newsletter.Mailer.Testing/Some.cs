using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Testing;

/// <summary>Rows that a test needs and does not care about, made by the stores where a store is the way they come about.</summary>
public static class Some
{
    /// <summary>A Markdown body with a slot that differs from reader to reader.</summary>
    public const string Body = "Dear {{ subscriber.first_name | default: \"friend\" }},\n\nhere's the [tea](https://example.org/tea).\n";

    /// <summary>A newsletter that may send: it has a postal address.</summary>
    public static async Task<NewsletterProfile> NewsletterAsync(TestDatabase database, Func<NewsletterDraft, NewsletterDraft>? with = null)
    {
        var draft = new NewsletterDraft
        {
            Slug = "tea",
            Name = "The Tea",
            FromAddress = "tea@example.com",
            PostalAddress = "The Tea, 1 Kettle Lane, Example City",
            TimeZone = "Europe/Berlin",
        };
        var outcome = await new NewsletterStore(database.DataSource).CreateAsync(with?.Invoke(draft) ?? draft, default);
        return outcome is AudienceOutcome<NewsletterProfile>.Created created
            ? created.Value
            : throw new InvalidOperationException($"The newsletter was not created: {outcome}");
    }

    /// <summary>Active readers named Reader 1, Reader 2, … of <c>reader1@example.net</c>, <c>reader2@example.net</c>, …</summary>
    /// <param name="database">Where.</param>
    /// <param name="newsletter">What they are subscribed to.</param>
    /// <param name="count">How many more.</param>
    /// <param name="status">Of the subscription.</param>
    /// <param name="tier">Of the subscription.</param>
    /// <param name="domain">Of the addresses.</param>
    /// <returns>Their ids, in order.</returns>
    public static async Task<IReadOnlyList<long>> SubscribersAsync(
        TestDatabase database, NewsletterProfile newsletter, int count, string status = "active", string tier = "free", string domain = "example.net")
    {
        var ids = await database.ScalarAsync<long[]>(
            """
            with numbered as (
                select n + (select count(*) from subscribers) as number from generate_series(1, $1) n),
            made as (
                insert into subscribers (address, name)
                select 'reader' || number || '@' || $5, 'Reader' || number || ' Example' from numbered order by number
                returning id),
            subscribed as (
                insert into subscriptions (newsletter_id, subscriber_id, status, tier, confirmed_at, unsubscribed_at, unsubscribed_by)
                select $2, id, $3, $4, case $3 when 'pending' then null else now() end,
                       case $3 when 'unsubscribed' then now() end, case $3 when 'unsubscribed' then 'page' end
                from made)
            select array_agg(id order by id) from made
            """,
            count, newsletter.Id, status, tier, domain);
        return ids ?? [];
    }

    /// <summary>A draft with the newsletter's next number.</summary>
    /// <param name="database">Where.</param>
    /// <param name="newsletter">What it is an edition of.</param>
    /// <param name="body">Markdown.</param>
    /// <param name="frontMatter">Lines of front matter beside title and slug.</param>
    public static async Task<Edition> EditionAsync(TestDatabase database, NewsletterProfile newsletter, string body = Body, string frontMatter = "")
    {
        var store = new EditionStore(database.DataSource);
        var count = await database.ScalarAsync<long>("select count(*) from editions where newsletter_id = $1", newsletter.Id);
        var lines = $"title: Edition {count + 1}\nslug: edition-{count + 1}\n{frontMatter.TrimEnd()}".TrimEnd();
        var outcome = await new EditionDesk(store).CreateAsync(newsletter.Slug, $"---\n{lines}\n---\n{body}", default);
        return outcome is EditionChange.Saved saved ? saved.Edition : throw new InvalidOperationException($"The edition was not kept: {outcome}");
    }

    /// <summary>An edition whose time came so many minutes ago, without asking whether it can be sent.</summary>
    public static Task<int> DueAsync(TestDatabase database, Edition edition, int minutesAgo = 0) => database.ExecuteAsync(
        """
        update editions
        set state = 'scheduled', send_at = now() - make_interval(mins => $2), send_local = now() at time zone 'UTC', send_zone = 'Etc/UTC'
        where id = $1
        """,
        edition.Id, minutesAgo);
}
