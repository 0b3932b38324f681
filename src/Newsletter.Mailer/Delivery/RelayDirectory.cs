using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// The relays that mail goes to, under the row ids they have in this database: those of the configuration, read once, and those made through
/// the API, looked at again and again.
/// </summary>
public sealed class RelayDirectory
{
    /// <summary>What relays' passwords are sealed for.</summary>
    internal const string Purpose = "relay password";

    private readonly RelayStore? _store;
    private readonly KeyRing? _keys;
    private readonly string _heloName;
    private readonly IReadOnlyList<Relay> _configured;
    private List<RelayRow> _rows = [];
    private IReadOnlyList<Relay> _relays;

    private RelayDirectory(IReadOnlyList<(Relay Relay, bool Enabled)> configured, RelayStore? store, KeyRing? keys, string heloName)
    {
        (Configured, _store, _keys, _heloName) = (configured, store, keys, heloName);
        _configured = [.. configured.Where(pair => pair.Enabled).Select(pair => pair.Relay)];
        _relays = _configured;
    }

    /// <summary>Those that are enabled.</summary>
    public IReadOnlyList<Relay> Relays => Volatile.Read(ref _relays);

    /// <summary>Those of the configuration, enabled or not.</summary>
    public IReadOnlyList<(Relay Relay, bool Enabled)> Configured { get; }

    /// <summary>Mail goes to relays made through the API as well.</summary>
    public bool UsesTheApis => _store is not null;

    /// <summary>Relays given as they are, for whoever knows them all.</summary>
    public static RelayDirectory Of(params IReadOnlyList<Relay> relays) => new([.. relays.Select(relay => (relay, true))], null, null, "");

    /// <summary>Gives every configured relay its id, and reads those of the API.</summary>
    /// <param name="options">With the relays.</param>
    /// <param name="store">Keeps the ids, and the relays of the API.</param>
    /// <param name="keys">Open their passwords; null: the configuration's are all there are, and those of the API are left alone.</param>
    /// <param name="heloName">Announced in EHLO by relays that name nothing.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="InvalidOperationException">A configured relay has the name of one made through the API.</exception>
    public static async Task<RelayDirectory> LoadAsync(DeliveryOptions options, RelayStore store, KeyRing? keys, string heloName, CancellationToken stop)
    {
        var ids = options.Relays.Count == 0
            ? new Dictionary<string, int>(StringComparer.Ordinal)
            : await store.IdsOf([.. options.Relays.Select(relay => relay.Name)], stop);
        var directory = new RelayDirectory(
            [.. options.Relays.Select(relay => (relay.ToRelay(ids[relay.Name], heloName), relay.Enabled))], keys is null ? null : store, keys, heloName);
        await directory.RefreshAsync(stop);
        return directory;
    }

    /// <summary>Looks at the relays of the API; true where there is something new.</summary>
    public async Task<bool> RefreshAsync(CancellationToken stop)
    {
        if (_store is null)
            return false;
        var rows = (await _store.ListAsync(stop)).Where(row => row.Enabled).ToList();
        if (rows.SequenceEqual(_rows))
            return false;
        // One that is as it was stays the same object: whoever uses it need not begin anew.
        var known = _rows.Zip(_relays.Skip(_configured.Count)).ToDictionary(pair => pair.First, pair => pair.Second);
        Volatile.Write(ref _relays, [.. _configured, .. rows.Select(row => known.GetValueOrDefault(row) ?? Open(row, _keys!))]);
        _rows = rows;
        return true;
    }

    /// <summary>The relay of a row, its password read.</summary>
    internal Relay Open(RelayRow row, KeyRing keys)
    {
        var options = row.Read();
        string? problem = null;
        if (row.Password is { } kept)
            options.Password = SealedSecret.Open(keys, Purpose, kept, out problem);
        return options.ToRelay(row.Id, _heloName) with
        {
            IsOfTheApi = true,
            Problem = problem is null ? null : $"The password can't be read: {problem} (PUT /api/relays/{row.Id}).",
        };
    }
}
