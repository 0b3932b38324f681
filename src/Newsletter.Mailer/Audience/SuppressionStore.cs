using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Whom nothing is sent to, whatever they are subscribed to.</summary>
public sealed class SuppressionStore(NpgsqlDataSource database)
{
    private const int MaxEvidenceLength = 1_000;

    private static readonly string[] Reasons = ["hard_bounce", "soft_bounces", "complaint", "manual", "imported"];

    // Whichever of the two unique indexes it is that has it already.
    private const string Insert = /*lang=sql*/ """
        insert into suppressions (address, domain, reason, evidence)
        values (@Address, @Domain, @Reason, @Evidence)
        on conflict do nothing
        returning id as "Id", address as "Address", domain as "Domain", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        """;

    private const string SelectSame = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where lower(address) = lower(@Address) or lower(domain) = lower(@Domain)
        """;

    private const string SelectFor = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where lower(address) = lower(@address) or lower(domain) = lower(@domain)
        order by address nulls last
        limit 1
        """;

    private const string SelectById = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where id = @id
        """;

    private const string SelectPage = /*lang=sql*/ """
        select id as "Id", address as "Address", domain as "Domain", reason as "Reason", evidence as "Evidence", created_at as "CreatedAt"
        from suppressions
        where id > @after
        order by id
        limit @rows
        """;

    private const string Delete = /*lang=sql*/ "delete from suppressions where id = @id returning id";

    /// <summary>Created; Updated with the one that is there already (its first reason and time are kept); or Invalid.</summary>
    public async Task<AudienceOutcome<Suppression>> AddAsync(SuppressionDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var target = Check(draft, problems);
        if (problems.Count > 0) return new AudienceOutcome<Suppression>.Invalid(problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        while (true)
        {
            var added = await connection.QuerySingleOrDefaultAsync<Suppression>(new CommandDefinition(Insert, target, cancellationToken: stop));
            if (added is not null) return new AudienceOutcome<Suppression>.Created(added);
            var present = await connection.QueryFirstOrDefaultAsync<Suppression>(
                new CommandDefinition(SelectSame, target, cancellationToken: stop));
            // Neither: someone has removed it between the two, so that there is room for ours now.
            if (present is not null) return new AudienceOutcome<Suppression>.Updated(present);
        }
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<Suppression?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<Suppression>(
            new CommandDefinition(SelectById, new { id }, cancellationToken: stop));
    }

    /// <summary>What stands against mail to this address: its own suppression first, else its domain's; null if nothing does.</summary>
    public async Task<Suppression?> FindAsync(EmailAddress address, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<Suppression>(new CommandDefinition(
            SelectFor, new { address = address.Value, domain = address.Domain }, cancellationToken: stop));
    }

    /// <summary>In the order of their ids.</summary>
    public async Task<Page<Suppression>> ListAsync(PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Suppression>(
            new CommandDefinition(SelectPage, new { after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop));
        return Page.Of(rows.AsList(), page, suppression => suppression.Id);
    }

    /// <summary>Removed or NotFound.</summary>
    public async Task<AudienceOutcome<Suppression>> RemoveAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.ExecuteScalarAsync<long?>(new CommandDefinition(Delete, new { id }, cancellationToken: stop)) is null
            ? new AudienceOutcome<Suppression>.NotFound()
            : new AudienceOutcome<Suppression>.Removed();
    }

    private static Target Check(SuppressionDraft draft, List<FieldProblem> problems)
    {
        string? address = null, domain = null;
        if (draft.Email is null == draft.Domain is null)
            problems.Add(new FieldProblem("email", "Give either an address in \"email\" or a domain in \"domain\"."));
        else if (draft.Domain is null)
        {
            if (EmailAddress.TryParse(draft.Email, out var parsed, out var problem)) address = parsed.Value;
            else problems.Add(new FieldProblem("email", problem));
        }
        else if (!MailDomain.TryParse(draft.Domain, out domain, out var problem)) problems.Add(new FieldProblem("domain", problem));

        var reason = draft.Reason ?? "manual";
        if (!Reasons.Contains(reason))
            problems.Add(new FieldProblem("reason", $"The reason must be one of {string.Join(", ", Reasons)}."));
        return new Target(address, domain, reason, CheckEvidence(draft.Evidence, problems));
    }

    private static string? CheckEvidence(string? raw, List<FieldProblem> problems)
    {
        var evidence = raw?.ReplaceLineEndings("\n").Trim();
        if (string.IsNullOrEmpty(evidence)) return null;
        if (evidence.Length > MaxEvidenceLength)
            problems.Add(new FieldProblem("evidence", $"It is {evidence.Length} characters long, and {MaxEvidenceLength} is the limit."));
        else if (TextRules.FindInText(evidence) is { } found) problems.Add(new FieldProblem("evidence", $"It {found}."));
        return evidence;
    }

    private sealed record Target(string? Address, string? Domain, string Reason, string? Evidence);
}
