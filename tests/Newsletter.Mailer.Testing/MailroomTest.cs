using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Testing;

/// <summary>A test class whose every test has a <see cref="Mailroom"/> of its own over a database of its own.</summary>
public abstract class MailroomTest : DatabaseTest
{
    /// <summary>Longer than anything here takes; for what waits for an event.</summary>
    protected static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Where the test works.</summary>
    protected Mailroom Room { get; private set; } = null!;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Room = await Mailroom.OpenAsync(Database);
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await Room.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>The relay plays this script from now on.</summary>
    protected void Relay(Func<FaultScript, FaultScript> script) => Room.Inbox.Play(script(FaultScript.None));

    /// <summary>What holds whatever goes wrong, for an issue that was sent from here.</summary>
    /// <param name="fault">F1 and so on.</param>
    /// <param name="issue">Ended by now.</param>
    /// <param name="lostReplies">Messages that the relay kept and whose reply was lost: as many copies are allowed.</param>
    /// <param name="gone">Readers who had left before the issue came to them.</param>
    /// <param name="refused">Readers who are meant to end rejected, expired or failed.</param>
    protected Task<FaultLine> KeptAsync(string fault, long issue, long lostReplies = 0, string[]? gone = null, long refused = 0) =>
        new Promise(fault) { LostReplies = lostReplies, Gone = gone ?? [], Refused = refused }.CheckAsync(Room, issue);

    /// <summary>Looks again and again, until it is so.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"It did not happen: {what}.");
            await Task.Delay(20);
        }
    }
}
