using Dapper;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>
/// What a reader does waits while they are being erased, and their erasure for what they are doing. It is taken beside their rows, not in one of them: a
/// lock of a row stays in it with its transaction's number, and that would name who cast an anonymous vote.
/// </summary>
internal static class ReaderLock
{
    // Who is no reader (0) takes none. Readers share locks: whoever watches them, at that very moment, still doesn't see who it is.
    private const string Key = "hashtextextended('newsletter reader', nullif(@subscriber, 0) % 1024)";

    /// <summary>For the erasure: until its end nothing that <c>@subscriber</c> does is entered, and what was being entered is there.</summary>
    public const string Own = $"select pg_advisory_xact_lock({Key})";

    private const string Share = $"select true from pg_advisory_xact_lock_shared({Key})";

    /// <summary>Within a transaction, before its first word about the reader.</summary>
    public static Task ShareAsync(NpgsqlConnection connection, long subscriber, CancellationToken stop) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(Share, new { subscriber }, cancellationToken: stop));

    /// <summary>Runs a statement that enters what <c>@subscriber</c> does, beside others that do, in a transaction of its own and one round trip.</summary>
    /// <param name="connection">Open, without a transaction.</param>
    /// <param name="statement">One with a result. It sees what an erasure for which it had to wait has left.</param>
    /// <param name="values">Its parameters, with <c>subscriber</c> among them.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<IReadOnlyList<T>> QueryAsync<T>(NpgsqlConnection connection, string statement, object values, CancellationToken stop)
    {
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition($"{Share};\n{statement}", values, cancellationToken: stop));
        await results.ReadSingleAsync<bool>();
        return (await results.ReadAsync<T>()).AsList();
    }
}
