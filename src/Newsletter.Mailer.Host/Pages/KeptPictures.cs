using Microsoft.Extensions.Caching.Memory;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>The bytes of pictures that were asked for lately: an issue to a hundred thousand readers asks for the same few again and again.</summary>
internal sealed class KeptPictures : IDisposable
{
    private const long MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>The picture of a file name, read where it isn't kept; null where there is none.</summary>
    public async Task<byte[]?> GetAsync(string fileName, Func<Task<byte[]?>> read)
    {
        if (_cache.TryGetValue(fileName, out byte[]? kept))
            return kept;
        return await read() is { } content
            ? _cache.Set(fileName, content, new MemoryCacheEntryOptions { Size = content.Length + 256, SlidingExpiration = Unused })
            : null;
    }

    /// <summary>Lets go of one that was deleted; other processes have it until nobody asked for an hour.</summary>
    public void Forget(string fileName) => _cache.Remove(fileName);

    public void Dispose() => _cache.Dispose();
}
