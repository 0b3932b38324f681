namespace Newsletter.Mailer.Delivery;

/// <summary>One connection, rented; disposing of the session gives it back, closed or not.</summary>
public sealed class RelaySession : IAsyncDisposable
{
    private readonly RelayPool _pool;

    internal RelaySession(RelayPool pool, RelayLane lane, IMailConnection connection) => (_pool, Lane, Connection) = (pool, lane, connection);

    internal RelayLane Lane { get; }

    public IMailConnection Connection { get; }

    public Relay Relay => Lane.Relay;

    /// <summary>Sends, and tells the breaker what the relay's answer says about the relay.</summary>
    public async Task<SendOutcome> SendAsync(OutgoingMail mail)
    {
        var outcome = await Connection.SendAsync(mail);
        switch (outcome)
        {
            case SendOutcome.RelayFault fault:
                Lane.Breaker.Faulted(fault.Reason);
                Lane.Pace.NotTaken();
                return outcome;
            case SendOutcome.CredentialsRefused refused:
                Lane.Breaker.CredentialsRefused($"The relay refused our user name and password: {refused.Reply}. Correct them {Lane.Relay.WhereToChange}.");
                Lane.Pace.NotTaken();
                return outcome;
            case SendOutcome.Withheld:
                Lane.Pace.NotTaken();
                return outcome;
            case SendOutcome.Unknown unknown:
                Lane.Breaker.Faulted(unknown.Reason);
                break;
            default:
                Lane.Breaker.Succeeded();
                break;
        }

        if (!Lane.Pace.ChargesDays)
            Lane.Count();
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        if (Connection.IsUsable && !Lane.IsRetired && !Lane.Slots.TooMany)
            Lane.Idle.Push(Connection);
        else
            await Connection.DisposeAsync();
        _pool.GiveBack(Lane);
    }
}
