using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class CircuitBreakerTests
{
    private readonly ManualClock _clock = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(_clock);

    [Fact]
    public void ThreeFailedConnectsOpenItForFiveSeconds()
    {
        Fail(2);
        Assert.True(_breaker.IsClosed);

        Fail(1);

        Assert.False(_breaker.IsClosed);
        Assert.Equal("down", _breaker.Reason);
        Assert.False(TryAfter(4.9));
        Assert.True(TryAfter(0.2));
    }

    [Fact]
    public void ElevenFaultsOfConnectionsAreNoneYetAndASuccessForgetsThem()
    {
        for (var i = 0; i < 11; i++)
            _breaker.Faulted("421");
        Assert.True(_breaker.IsClosed);
        _breaker.Succeeded();
        for (var i = 0; i < 11; i++)
            _breaker.Faulted("421");
        Assert.True(_breaker.IsClosed);

        _breaker.Faulted("421");

        Assert.False(_breaker.IsClosed);
    }

    [Fact]
    public void WhileItIsHalfOpenOneCallerIsLetThroughEachTime()
    {
        Fail(3);

        Assert.True(TryAfter(5));
        Assert.False(_breaker.TryEnter());
        Assert.False(_breaker.IsClosed);
        _breaker.Succeeded();

        Assert.True(_breaker.IsClosed && _breaker.TryEnter() && _breaker.TryEnter());
        Assert.Equal((null, null), (_breaker.Reason, _breaker.OpenSince));
    }

    [Fact]
    public void TheWaitDoublesUpToAMinute()
    {
        Fail(3);

        foreach (var seconds in new[] { 5, 10, 20, 40, 60, 60 })
        {
            Assert.False(TryAfter(seconds - 0.1));
            Assert.True(TryAfter(0.1));
            Fail(1);
        }
    }

    [Fact]
    public void ManyConnectionsThatFailTogetherAreOneFailure()
    {
        Fail(16);

        Assert.False(TryAfter(4.9));
        Assert.True(TryAfter(0.2));
    }

    [Fact]
    public void RefusedCredentialsOpenItForFiveMinutesAndWantAPerson()
    {
        _breaker.CredentialsRefused("535");

        Assert.True(_breaker.NeedsPerson);
        Assert.False(TryAfter(299));
        Assert.True(TryAfter(2));
        _breaker.Succeeded();
        Assert.False(_breaker.NeedsPerson);
    }

    [Fact]
    public void RearmedItLetsTheNextCallerTryAtOnceAndCountsAnew()
    {
        _breaker.CredentialsRefused("535");

        _breaker.Rearm();

        Assert.Equal((false, null), (_breaker.NeedsPerson, _breaker.OpenSince));
        Assert.False(_breaker.IsClosed);
        Assert.True(_breaker.TryEnter());
        Assert.False(_breaker.TryEnter());
        Fail(1);
        Assert.Equal(_clock.GetUtcNow(), _breaker.OpenSince);
    }

    [Fact]
    public void RearmingAClosedOneChangesNothing()
    {
        _breaker.Faulted("421");

        _breaker.Rearm();

        Assert.True(_breaker.IsClosed && _breaker.TryEnter() && _breaker.TryEnter());
    }

    private void Fail(int times)
    {
        for (var i = 0; i < times; i++)
            _breaker.Unreachable("down");
    }

    private bool TryAfter(double seconds)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return _breaker.TryEnter();
    }
}
