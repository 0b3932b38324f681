using System.Collections.Concurrent;

namespace Newsletter.Mailer.Preflight.Addresses;

/// <summary>Looks at many addresses: several at once, few of one host, not for long; what was looked at lately isn't asked again.</summary>
public sealed class AddressBook(AddressProbe probe, AddressStore? store = null)
{
    private const int AtOnce = 8;
    private const int OfOneHost = 2;
    private const int Most = 200;

    /// <summary>The longest that anybody waits for it.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(25);

    /// <summary>What is known of the addresses, without asking anybody.</summary>
    public async Task<IReadOnlyDictionary<string, AddressState>> KnownAsync(IReadOnlyCollection<CheckedAddress> addresses, CancellationToken stop) =>
        store is null ? new Dictionary<string, AddressState>() : await store.FindAsync(Urls(addresses), stop);

    /// <summary>What is behind the addresses. Those for which there was no time are absent.</summary>
    public async Task<IReadOnlyDictionary<string, AddressState>> LookAsync(IReadOnlyCollection<CheckedAddress> addresses, CancellationToken stop)
    {
        var known = await KnownAsync(addresses, stop);
        var looked = new ConcurrentDictionary<string, AddressState>(StringComparer.Ordinal);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Longest);
        using var atOnce = new SemaphoreSlim(AtOnce);
        var hosts = Urls(addresses).Where(url => !known.ContainsKey(url)).GroupBy(url => new Uri(url).Host, StringComparer.OrdinalIgnoreCase);
        try
        {
            await Task.WhenAll(hosts.SelectMany(host => host.Chunk((host.Count() + OfOneHost - 1) / OfOneHost)).Select(urls => OneByOneAsync(urls, atOnce, looked, limit.Token)));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Time is up; what is known by now is what there is.
        }

        if (store is not null && !looked.IsEmpty)
            await store.KeepAsync(looked, stop);
        return known.Concat(looked).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
    }

    private async Task OneByOneAsync(string[] urls, SemaphoreSlim atOnce, ConcurrentDictionary<string, AddressState> looked, CancellationToken stop)
    {
        foreach (var url in urls)
        {
            await atOnce.WaitAsync(stop);
            try
            {
                looked[url] = await probe.LookAsync(url, stop);
            }
            finally
            {
                atOnce.Release();
            }
        }
    }

    private static List<string> Urls(IReadOnlyCollection<CheckedAddress> addresses) => [.. addresses.Select(address => address.Url).Distinct(StringComparer.Ordinal).Take(Most)];
}
