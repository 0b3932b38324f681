namespace Newsletter.Mailer.Delivery;

/// <summary>The configured relays under the row ids they have in this database. Read once, at the start.</summary>
public sealed record RelayDirectory(IReadOnlyList<Relay> Relays)
{
    /// <summary>Gives every configured relay its id.</summary>
    /// <param name="options">With the relays.</param>
    /// <param name="store">Keeps the ids.</param>
    /// <param name="heloName">Announced in EHLO by relays that name nothing.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<RelayDirectory> LoadAsync(DeliveryOptions options, RelayStore store, string heloName, CancellationToken stop)
    {
        if (options.Relays.Count == 0)
            return new RelayDirectory([]);
        var ids = await store.IdsOf([.. options.Relays.Select(relay => relay.Name)], stop);
        return new RelayDirectory([.. options.Relays.Select(relay => relay.ToRelay(ids[relay.Name], heloName))]);
    }
}
