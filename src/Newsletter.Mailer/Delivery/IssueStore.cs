using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Delivery;

/// <summary>Issues while they are sent: their state machine, and what every message of one needs.</summary>
public sealed partial class IssueStore(NpgsqlDataSource database)
{
    /// <summary>What the messages of an issue have in common; null where there is no such issue.</summary>
    public async Task<SendingIssue?> FindAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<SendingRow>(new CommandDefinition(SelectSending, new { id }, cancellationToken: stop));
        if (row is null)
            return null;
        var content = await connection.QueryAsync<(short Variant, byte[] Segments)>(new CommandDefinition(SelectContent, new { id }, cancellationToken: stop));
        return new SendingIssue
        {
            Id = row.Id,
            PartKey = row.Part_key,
            NewsletterId = row.Newsletter_id,
            LinkKey = row.Link_key,
            Nonce = row.Nonce,
            ResendUnknown = row.Unknown_policy == "resend",
            Variants = content.ToDictionary(part => part.Variant, part => Rendering.CompiledMessage.FromBytes(part.Segments)),
        };
    }

    /// <summary>Null where there is no such issue.</summary>
    public Task<string?> StateOf(long id, CancellationToken stop) => One<string?>(SelectState, new { id }, stop);

    /// <summary>Stops an issue and says why; false where it was not sending.</summary>
    public async Task<bool> PauseAsync(long id, string? reason, CancellationToken stop) => await One<long?>(Pause, new { id, reason }, stop) is not null;

    /// <summary>Stops every issue that is sending, for a reason that concerns all.</summary>
    public async Task<IReadOnlyList<long>> PauseAllAsync(string reason, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<long>(new CommandDefinition(PauseAll, new { reason }, cancellationToken: stop))];
    }

    /// <summary>When an issue that is sending was last started or resumed, by the database's clock; null where none is.</summary>
    public async Task<DateTimeOffset?> LastStart(CancellationToken stop) =>
        await One<DateTime?>(SelectLastStart, new { }, stop) is { } at ? new DateTimeOffset(at) : null;

    public async Task<bool> ResumeAsync(long id, CancellationToken stop) => await One<long?>(Resume, new { id }, stop) is not null;

    /// <summary>Cancels what nobody has a lease of; what somebody has is given back first. <see cref="AdvanceCancelAsync"/> ends it.</summary>
    public async Task<bool> BeginCancelAsync(long id, CancellationToken stop)
    {
        if (await One<long?>(BeginCancel, new { id }, stop) is null)
            return false;
        await AdvanceCancelAsync(id, stop);
        return true;
    }

    /// <summary>True once nothing is in flight any more and the issue is cancelled.</summary>
    public async Task<bool> AdvanceCancelAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await CloseAbandonedAsync(connection, id, stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(LockCancelling, new { id }, cancellationToken: stop)) is null)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(CancelRows, new { id }, commandTimeout: 300, cancellationToken: stop));
        var ended = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(EndCancel, new { id }, commandTimeout: 300, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return ended is not null;
    }

    // Apart and short: an owner who was thought dead waits for it with whatever else it has to write.
    private static async Task CloseAbandonedAsync(NpgsqlConnection connection, long id, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(LockCancelling, new { id }, cancellationToken: stop)) is null)
            return;
        var abandoned = (await connection.QueryAsync<(long Part, int Batch)>(new CommandDefinition(SelectAbandoned, new { id }, cancellationToken: stop))).ToList();
        foreach (var (part, batch) in abandoned)
            await LedgerPostingStore.PostLeftAsync(connection, part, id, batch, stop);
        await connection.ExecuteAsync(new CommandDefinition(CloseAbandoned, new { id, abandoned = abandoned.ConvertAll(one => one.Batch).ToArray() }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
    }

    /// <summary>True where the receipt balances now and the issue is finished.</summary>
    public async Task<bool> TryFinishAsync(long id, CancellationToken stop) => await One<long?>(Finish, new { id }, stop) is not null;

    public Task RescueStraysAsync(long id, CancellationToken stop) => Do(RescueStrays, new { id }, stop);

    /// <summary>Stops an issue, and rejections that were not the readers' fault become pending again.</summary>
    /// <param name="id">The issue.</param>
    /// <param name="reason">Why it is to pause; null: put back only where it is paused already.</param>
    /// <param name="seqs">Places of the rejected.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Whether it was sending until then, and the places that were put back: an outcome still on its way to the ledger is not among them.</returns>
    public Task<(bool Paused, int[] Seqs)> PauseAndPutBackAsync(long id, string? reason, IReadOnlyCollection<int> seqs, CancellationToken stop) =>
        One<(bool, int[])>(PauseAndPutBack, new { id, reason, seqs = seqs.ToArray() }, stop);

    /// <summary>Null where the issue is not sending.</summary>
    public Task<IssueTroubles?> CountTroublesAsync(long id, CancellationToken stop) => One<IssueTroubles?>(CountTroubles, new { id }, stop);

    /// <summary>The reply that most of the rejections have in common.</summary>
    public Task<string?> CommonRejection(long id, CancellationToken stop) => One<string?>(SelectRejectedReply, new { id }, stop);

    /// <summary>Issues that are sending or cancelling.</summary>
    public async Task<IReadOnlyList<(long Id, string State)>> OpenIssues(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return [.. await connection.QueryAsync<(long, string)>(new CommandDefinition(SelectOpen, cancellationToken: stop))];
    }

    private async Task<T?> One<T>(string sql, object values, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return await connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, values, commandTimeout: 300, cancellationToken: stop));
    }

    private async Task Do(string sql, object values, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(sql, values, commandTimeout: 300, cancellationToken: stop));
    }

    private sealed class SendingRow
    {
        public long Id { get; init; }
        public long Part_key { get; init; }
        public long Newsletter_id { get; init; }
        public string Link_key { get; init; } = "";
        public string Nonce { get; init; } = "";
        public string Unknown_policy { get; init; } = "";
    }
}

/// <summary>How much of an issue went wrong so far.</summary>
public sealed class IssueTroubles
{
    public long Audience { get; init; }

    public long Tolerated { get; init; }

    public long Unknown { get; init; }

    public long Rejected { get; init; }

    public long Attempted { get; init; }
}
