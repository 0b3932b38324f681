using Microsoft.Extensions.Caching.Memory;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Bytes that are the same for everyone and under one name never others: up to 64 MB of them; those asked for longest ago are let go.</summary>
internal abstract class KeptBytes : IDisposable
{
    private const long MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>The bytes of a name, got where they are not kept; null where there are none. Two may get the same at once: both are right.</summary>
    public async Task<byte[]?> FindAsync(string name, Func<Task<byte[]?>> get)
    {
        if (_cache.TryGetValue(name, out byte[]? kept))
            return kept;
        return await get() is { } got
            ? _cache.Set(name, got, new MemoryCacheEntryOptions { Size = got.Length + 256, SlidingExpiration = Unused })
            : null;
    }

    public void Dispose() => _cache.Dispose();

    protected void Remove(string name) => _cache.Remove(name);
}
