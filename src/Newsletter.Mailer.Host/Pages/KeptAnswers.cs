using Microsoft.Extensions.Caching.Memory;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Answers that are the same for everyone, made once for each tag; those asked for longest ago are let go.</summary>
internal sealed class KeptAnswers : IDisposable
{
    private const long MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>The bytes under the tag; made anew where they are not kept. Two may make the same at once: both are right.</summary>
    public async Task<byte[]> GetAsync(string tag, Func<Task<byte[]>> make)
    {
        if (_cache.TryGetValue(tag, out byte[]? kept))
            return kept!;
        var made = await make();
        return _cache.Set(tag, made, new MemoryCacheEntryOptions { Size = made.Length + 256, SlidingExpiration = Unused });
    }

    public void Dispose() => _cache.Dispose();
}
