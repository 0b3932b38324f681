using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>Writes that cross those of others: what PostgreSQL ended for another's sake is run again after a moment, a little longer each time.</summary>
internal static class CrossedWrite
{
    private const int MaxTries = 10;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs a write until no other crosses it.</summary>
    /// <param name="write">A transaction, or a statement that is one; the same whenever it is run.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="PostgresException">It was crossed ten times, or something else is wrong.</exception>
    public static Task<T> RunAsync<T>(Func<Task<T>> write, CancellationToken stop) => RunAsync(write, static _ => false, stop);

    /// <summary>The same for a write that refers to rows which others may delete between its finding and its entering them: looked at anew, they are gone.</summary>
    public static Task<T> RunReferringAsync<T>(Func<Task<T>> write, CancellationToken stop) => RunAsync(write, static state => state is PostgresErrorCodes.ForeignKeyViolation, stop);

    private static async Task<T> RunAsync<T>(Func<Task<T>> write, Func<string, bool> isCrossing, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await write();
            }
            catch (PostgresException e) when (attempt < MaxTries && (e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure || isCrossing(e.SqlState)))
            {
                await Task.Delay(s_pause * attempt, stop);
            }
        }
    }
}
