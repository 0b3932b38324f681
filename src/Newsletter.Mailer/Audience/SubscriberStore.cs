using System.Text.Json;
using Dapper;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Npgsql;

namespace Newsletter.Mailer.Audience;

/// <summary>Subscribers, one at a time or by the page. Many at once come by import.</summary>
public sealed partial class SubscriberStore(NpgsqlDataSource database, KeyRing? keys = null)
{
    /// <summary>
    /// Takes the person in, or changes what the draft gives of one who is there (attributes merge), and subscribes them if it names
    /// a newsletter. Created, Updated, Invalid, or Conflict, and then nothing is changed: the address is suppressed or may not be kept, or the
    /// reader unsubscribed or has not confirmed and the draft isn't <see cref="SubscriberDraft.Confirmed"/>.
    /// </summary>
    public async Task<AudienceOutcome<Subscriber>> CreateAsync(SubscriberDraft draft, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var person = SubscriberRules.Check(draft, problems);
        var status = SubscriberRules.CheckStatus(draft.Status, problems) ?? SubscriptionStatus.Active;
        var tier = SubscriberRules.CheckTier(draft.Tier, problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        var newsletterId = await FindNewsletterAsync(connection, draft.Newsletter, problems, stop);
        if (problems.Count > 0 || person is null) return new AudienceOutcome<Subscriber>.Invalid(problems);

        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(ErasureStore.TakeTurn, new { address = person.Address!.Value }, cancellationToken: stop));
        var becomesActive = newsletterId is not null && status == SubscriptionStatus.Active;
        if (await FindBarrierAsync(connection, person.Address!.Value, becomesActive, stop) is { } suppressed)
            return new AudienceOutcome<Subscriber>.Conflict("email", SubscriptionStore.SuppressedProblem(suppressed));

        var written = await UpsertAsync(connection, person, stop);
        if (written is null) return TooManyKeys();
        if (newsletterId is { } newsletter && !await SubscriptionStore.PutStatedAsync(
                connection, new SubscriptionStore.Row(newsletter, written.Id, status.Word(), tier?.Word(), draft.Confirmed), stop))
            return new AudienceOutcome<Subscriber>.Conflict("status", SubscriptionStore.UnconfirmedProblem);

        var subscriber = await ReadAsync(connection, SelectById, new { id = written.Id }, stop);
        await transaction.CommitAsync(stop);
        return written.IsNew
            ? new AudienceOutcome<Subscriber>.Created(subscriber!)
            : new AudienceOutcome<Subscriber>.Updated(subscriber!);
    }

    /// <summary>Null if there is none of this id.</summary>
    public async Task<Subscriber?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await ReadAsync(connection, SelectById, new { id }, stop);
    }

    /// <summary>Finds by address, whatever its case. Found, NotFound, or Invalid (field <c>email</c>).</summary>
    public async Task<AudienceOutcome<Subscriber>> LookupAsync(string? email, CancellationToken stop)
    {
        if (!EmailAddress.TryParse(email, out var address, out var problem))
            return new AudienceOutcome<Subscriber>.Invalid("email", problem);
        await using var connection = await database.OpenConnectionAsync(stop);
        return await ReadAsync(connection, SelectByAddress, new { address = address.Value }, stop) is { } subscriber
            ? new AudienceOutcome<Subscriber>.Found(subscriber)
            : new AudienceOutcome<Subscriber>.NotFound();
    }

    /// <summary>A page in the order of ids. Found or Invalid (of the filter).</summary>
    public async Task<AudienceOutcome<Page<Subscriber>>> ListAsync(SubscriberFilter filter, PageRequest page, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        var status = SubscriberRules.CheckStatus(filter.Status, problems)?.Word();
        var tier = SubscriberRules.CheckTier(filter.Tier, problems)?.Word();
        await using var connection = await database.OpenConnectionAsync(stop);
        var newsletterId = await FindNewsletterAsync(connection, filter.Newsletter, problems, stop);
        if (problems.Count > 0) return new AudienceOutcome<Page<Subscriber>>.Invalid(problems);

        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            SelectPage, new { after = page.After.After, rows = page.Limit + 1, newsletterId, status, tier }, cancellationToken: stop));
        var cut = Page.Of(rows.AsList(), page, row => row.Id);
        var subscriptions = await ReadSubscriptionsAsync(connection, [.. cut.Items.Select(row => row.Id)], stop);
        return new AudienceOutcome<Page<Subscriber>>.Found(cut.Select(row => row.ToSubscriber(subscriptions[row.Id])));
    }

    /// <summary>Changes what is given. Updated, NotFound or Invalid.</summary>
    public async Task<AudienceOutcome<Subscriber>> UpdateAsync(long id, SubscriberChanges changes, CancellationToken stop)
    {
        var problems = new List<FieldProblem>();
        if (SubscriberRules.Check(changes, problems) is not { } person) return new AudienceOutcome<Subscriber>.Invalid(problems);
        await using var connection = await database.OpenConnectionAsync(stop);
        var changed = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            Change,
            new
            {
                Id = id,
                SetName = changes.Name is not null,
                person.Name,
                SetTimeZone = changes.TimeZone is not null,
                TimeZone = person.TimeZone,
                SetLanguage = changes.Language is not null,
                person.Language,
                Attributes = JsonSerializer.Serialize(person.Attributes),
                SetTags = changes.Tags is not null,
                person.Tags,
                AttributeRules.MaxKeys,
            },
            cancellationToken: stop));
        var subscriber = await ReadAsync(connection, SelectById, new { id }, stop);
        if (subscriber is null) return new AudienceOutcome<Subscriber>.NotFound();
        return changed is null ? TooManyKeys() : new AudienceOutcome<Subscriber>.Updated(subscriber);
    }

    // An address that is known by its hash alone is not even taken down, whatever for; one that is a reader's already may stay.
    private async Task<string?> FindBarrierAsync(NpgsqlConnection connection, string address, bool becomesActive, CancellationToken stop)
    {
        var barrier = await SuppressionStore.FindBarrierAsync(connection, keys, address, stop);
        return becomesActive || (barrier.ByHash && !await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Exists, new { address }, cancellationToken: stop)))
            ? barrier.Reason
            : null;
    }

    private static async Task<long?> FindNewsletterAsync(
        NpgsqlConnection connection, string? slug, List<FieldProblem> problems, CancellationToken stop)
    {
        if (slug is null) return null;
        var id = slug.Contains('\0', StringComparison.Ordinal) ? null : await connection.ExecuteScalarAsync<long?>(
            new CommandDefinition(SelectNewsletter, new { slug }, cancellationToken: stop));
        if (id is null) problems.Add(new FieldProblem("newsletter", "There is no newsletter with this slug."));
        return id;
    }

    private static async Task<Written?> UpsertAsync(NpgsqlConnection connection, SubscriberRules.Checked person, CancellationToken stop) =>
        await connection.QuerySingleOrDefaultAsync<Written>(new CommandDefinition(
            Upsert,
            new
            {
                Address = person.Address!.Value,
                person.Name,
                Attributes = JsonSerializer.Serialize(person.Attributes),
                person.Tags,
                TagRules.MaxTags,
                person.TimeZone,
                person.Language,
                AttributeRules.MaxKeys,
            },
            cancellationToken: stop));

    private static AudienceOutcome<Subscriber>.Invalid TooManyKeys() => new(
        "attributes", $"With those already there, this reader would have more than {AttributeRules.MaxKeys} attributes or more than {TagRules.MaxTags} tags.");

    private static async Task<Subscriber?> ReadAsync(NpgsqlConnection connection, string sql, object parameters, CancellationToken stop)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(sql, parameters, cancellationToken: stop));
        if (row is null) return null;
        var subscriptions = await ReadSubscriptionsAsync(connection, [row.Id], stop);
        return row.ToSubscriber(subscriptions[row.Id]);
    }

    private static async Task<ILookup<long, SubscriptionRow>> ReadSubscriptionsAsync(
        NpgsqlConnection connection, long[] ids, CancellationToken stop)
    {
        var rows = await connection.QueryAsync<SubscriptionRow>(
            new CommandDefinition(SelectSubscriptions, new { ids }, cancellationToken: stop));
        return rows.ToLookup(row => row.SubscriberId);
    }

    private sealed record Written
    {
        public long Id { get; init; }

        public bool IsNew { get; init; }
    }

    private sealed record Row
    {
        public long Id { get; init; }

        public required string Address { get; init; }

        public string? Name { get; init; }

        public required string Attributes { get; init; }

        public required string[] Tags { get; init; }

        public string? TimeZone { get; init; }

        public string? Language { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public Subscriber ToSubscriber(IEnumerable<SubscriptionRow> subscriptions) => new()
        {
            Id = Id,
            Address = Address,
            Name = Name,
            Attributes = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Attributes)!,
            Tags = Tags,
            TimeZone = TimeZone,
            Language = Language,
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
            Subscriptions = [.. subscriptions.Select(row => row.ToSubscription())],
        };
    }

    private sealed record SubscriptionRow
    {
        public long SubscriberId { get; init; }

        public long NewsletterId { get; init; }

        public required string Newsletter { get; init; }

        public required string Status { get; init; }

        public required string Tier { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? ConfirmedAt { get; init; }

        public DateTimeOffset? UnsubscribedAt { get; init; }

        public string? UnsubscribedBy { get; init; }

        public string Frequency { get; init; } = "every";

        public DateTimeOffset? PausedUntil { get; init; }

        public Subscription ToSubscription() => new()
        {
            NewsletterId = NewsletterId,
            Newsletter = Newsletter,
            Status = SubscriptionStore.ParseStatus(Status),
            Tier = Tier == "premium" ? SubscriptionTier.Premium : SubscriptionTier.Free,
            CreatedAt = CreatedAt,
            ConfirmedAt = ConfirmedAt,
            UnsubscribedAt = UnsubscribedAt,
            UnsubscribedBy = UnsubscribedBy,
            Frequency = Frequency,
            PausedUntil = PausedUntil,
        };
    }
}
