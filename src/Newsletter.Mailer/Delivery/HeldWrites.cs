using System.Data.Common;

namespace Newsletter.Mailer.Delivery;

/// <summary>Writes that must not be lost: while the database is away they are held and tried again.</summary>
internal sealed class HeldWrites(TimeProvider clock, CancellationToken abandoned)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Nobody waits any longer for what could not be written.</summary>
    public CancellationToken Abandoned => abandoned;

    /// <summary>The database is there and will not take a value.</summary>
    public static bool IsRefusedValue(DbException exception) =>
        exception.SqlState is { } state && (state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal));

    /// <param name="write">The write; told whether it was tried before and its fate is not known.</param>
    /// <param name="held">The database can't take it now: whatever connection it went over is broken.</param>
    /// <exception cref="DbException">It refuses a value, or the write was abandoned.</exception>
    public async Task RunAsync(Func<bool, Task> write, Func<Exception, Task> held)
    {
        var wait = FirstWait;
        for (var again = false; ; again = true)
        {
            try
            {
                await write(again);
                return;
            }
            catch (Exception e) when (IsHeld(e))
            {
                await held(e);
                await Task.Delay(wait, clock, abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
    }

    private bool IsHeld(Exception e) =>
        (e is DbException or TimeoutException or IOException or InvalidOperationException)
        && !abandoned.IsCancellationRequested
        && !(e is DbException refused && IsRefusedValue(refused));
}
