using Dapper;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Finds what a reader's own copy of an issue is made of, long after it was sent.</summary>
public sealed class CopyStore(NpgsqlDataSource database)
{
    // Whoever was erased has none; whoever has left keeps what they were sent.
    private const string SelectDelivery = /*lang=sql*/ """
        select d.seq as "Seq", d.subscriber_id as "SubscriberId", d.variant as "Variant", d.attempts as "Attempts", d.resends as "Resends", d.dot_faults as "DotFaults",
               b.address as "Address", b.name as "Name", first_name(b.name, b.attributes) as "FirstName",
               coalesce(s.tier, 'free') as "Tier", b.language as "Language", b.attributes::text as "Attributes"
        from issues i
        cross join lateral (
            select x.* from deliveries x where x.part_key = i.part_key and x.issue_id = @issue and x.subscriber_id = @subscriber offset 0) d
        join subscribers b on b.id = d.subscriber_id
        left join subscriptions s on s.newsletter_id = i.newsletter_id and s.subscriber_id = d.subscriber_id
        where i.id = @issue
        """;

    /// <summary>The reader's delivery with all that its message needs of them now; null where the issue had none for them, or they were erased.</summary>
    public async Task<PendingDelivery?> FindAsync(CopyToken reader, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<PendingDelivery>(new CommandDefinition(
            SelectDelivery, new { issue = reader.IssueId, subscriber = reader.SubscriberId }, cancellationToken: stop));
    }
}
