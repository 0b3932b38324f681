using Newsletter.Mailer.Host.Commands;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class ForecastTests
{
    [Theory]
    [InlineData(120_000, 100.0, null, null, 1_200, "rate")]
    [InlineData(120_000, 100.0, 200.0, null, 1_200, "rate")]
    [InlineData(120_000, 100.0, 50.0, null, 2_400, "messages_per_second")]
    [InlineData(120_000, 100.0, null, 200_000L, 1_200, "rate")]
    // Two whole days' allowance, and a fifth of it on the third.
    [InlineData(110_000, 100.0, null, 50_000L, (2 * 86_400) + 100, "messages_per_day")]
    [InlineData(100_000, 100.0, 50.0, 50_000L, 86_400 + 1_000, "messages_per_day")]
    // No day is long enough to use up what it allows.
    [InlineData(20_000_000, 100.0, null, 10_000_000L, 200_000, "rate")]
    public void TheSlowestDecides(long audience, double rate, double? perSecond, long? perDay, double seconds, string limitedBy)
    {
        var forecast = Forecast.Of(audience, rate, new RelayCaps(perSecond, perDay))!;

        Assert.Equal((audience, seconds, limitedBy), (forecast.Audience, forecast.Time.TotalSeconds, forecast.LimitedBy));
    }

    [Fact]
    public void WithoutARateThereIsNoForecast() => Assert.Null(Forecast.Of(10, null, RelayCaps.None));

    [Theory]
    [InlineData(0.26, "0.3 s")]
    [InlineData(5, "5 s")]
    [InlineData(95.4, "95 s")]
    [InlineData(125, "2 min")]
    [InlineData(7_100, "118 min")]
    [InlineData(7_230, "2 h 0 min")]
    [InlineData(172_900, "48 h 1 min")]
    public void TimesAreSaidAsPeopleSayThem(double seconds, string words) => Assert.Equal(words, Duration.Words(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void MadeUpReadersAreKnownByTheirAddress()
    {
        Assert.All([1, 7, 999_999, 1_234_567], number => Assert.Equal(number, DemoReaders.NumberOf(DemoReaders.Address(number).ToUpperInvariant())));
        Assert.All(["", "reader", "reader@example.com", "reader000001@example.com", "ana@example.com", "reader-00001@example.org"], address => Assert.Equal(0, DemoReaders.NumberOf(address)));
    }
}
