using System.Collections.Concurrent;
using Newsletter.Mailer.Images.Cards;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Cards that were asked for lately. Each is drawn once however many ask at the same time, and few at once: crawlers come in swarms.</summary>
/// <param name="draw">Draws one.</param>
/// <param name="atOnce">How many are drawn at the same time; the others wait.</param>
internal sealed class KeptCards(Func<SocialCard, byte[]> draw, int atOnce) : KeptBytes
{
    private readonly SemaphoreSlim _turns = new(atOnce);
    private readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> _drawing = new(StringComparer.Ordinal);

    /// <summary>Half of the processors draw at most; the other half answers.</summary>
    public KeptCards()
        : this(CardPainter.Draw, Math.Max(1, Environment.ProcessorCount / 2))
    {
    }

    /// <summary>The picture, PNG. Who goes away before it is there takes nothing from the others who wait for it.</summary>
    public Task<byte[]> GetAsync(SocialCard card, CancellationToken stop)
    {
        var hash = card.Hash();
        return _drawing.GetOrAdd(hash, _ => new Lazy<Task<byte[]>>(() => KeepAsync(hash, card))).Value.WaitAsync(stop);
    }

    // Let go of only when it is kept: in between nobody would find it.
    private async Task<byte[]> KeepAsync(string hash, SocialCard card)
    {
        try
        {
            return (await FindAsync(hash, async () => await DrawAsync(card)))!;
        }
        finally
        {
            _drawing.TryRemove(hash, out _);
        }
    }

    private async Task<byte[]> DrawAsync(SocialCard card)
    {
        await _turns.WaitAsync();
        try
        {
            return await Task.Run(() => draw(card));
        }
        finally
        {
            _turns.Release();
        }
    }
}
