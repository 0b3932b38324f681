using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class WarmUpTests
{
    private static readonly DateOnly Start = new(2030, 3, 1);

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 50)]
    [InlineData(1, 100)]
    [InlineData(3, 400)]
    [InlineData(4, 500)]
    [InlineData(9, 500)]
    [InlineData(10, null)]
    public void TheRampGrowsToItsCapAndEnds(int day, int? allowed) =>
        Assert.Equal(allowed, new WarmUp(Start, First: 50, Growth: 2, Cap: 500, Days: 10).AllowanceOn(Start.AddDays(day)));

    [Fact]
    public void ARampWithoutACapNeverOverflows() =>
        Assert.Equal(int.MaxValue, new WarmUp(Start, First: 1000, Growth: 10, Cap: null, Days: 365).AllowanceOn(Start.AddDays(300)));

    [Fact]
    public void FractionsOfAMessageAreNotSent() =>
        Assert.Equal(11, new WarmUp(Start, First: 5, Growth: 1.5, Cap: null, Days: 9).AllowanceOn(Start.AddDays(2)));
}
