using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Images.Cards;

namespace Newsletter.Mailer.Host.Tests.Pages;

public sealed class KeptCardsTests
{
    private readonly Lock _counting = new();
    private int _drawn;
    private int _now;
    private int _most;

    [Fact]
    public async Task HoweverManyAskEachCardIsDrawnOnceAndFewAtOnce()
    {
        using var kept = new KeptCards(Draw, atOnce: 2);

        var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => kept.GetAsync(Card(i % 8), default))));

        Assert.Equal(8, _drawn);
        Assert.InRange(_most, 1, 2);
        Assert.Equal(8, all.Distinct().Count());
        Assert.Same(all[0], await kept.GetAsync(Card(0), default));
    }

    [Fact]
    public async Task WhoGoesAwayLeavesTheDrawingToTheOthers()
    {
        using var stop = new CancellationTokenSource();
        using var kept = new KeptCards(Draw, atOnce: 1);

        var leaving = kept.GetAsync(Card(1), stop.Token);
        var staying = kept.GetAsync(Card(1), default);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.Equal([1], await staying);
        Assert.Equal(1, _drawn);
    }

    [Fact]
    public async Task AFailureIsToldAndTheNextOneTriesAnew()
    {
        var failed = false;
        using var kept = new KeptCards(card => failed ? Draw(card) : throw new InvalidOperationException(), atOnce: 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => kept.GetAsync(Card(1), default));
        failed = true;

        Assert.Equal([1], await kept.GetAsync(Card(1), default));
    }

    private static SocialCard Card(int number) => new()
    {
        Newsletter = "Tea",
        Title = $"{number}",
        Note = "",
        Language = "en",
        Look = new CardLook("#ffffff", "#000000", "#000000", "#ffffff", "serif"),
    };

    private byte[] Draw(SocialCard card)
    {
        Interlocked.Increment(ref _drawn);
        lock (_counting)
            _most = Math.Max(_most, ++_now);
        SpinWait.SpinUntil(() => false, 100);
        lock (_counting)
            _now--;
        return [byte.Parse(card.Title, System.Globalization.CultureInfo.InvariantCulture)];
    }
}
