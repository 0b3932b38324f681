namespace Newsletter.Mailer.Delivery;

/// <summary>The connections that issues are sent over.</summary>
public sealed record BulkRelays(RelayPool Pool) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}

/// <summary>The connections kept for mail to one person, so that it never waits behind an issue.</summary>
public sealed record PersonalRelays(RelayPool Pool) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}
