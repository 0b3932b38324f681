using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class ClickTokenTests
{
    private readonly KeyRing _keys = KeyRing.Generate();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(35, 7)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void ATokenNamesIssueAndReader(long issue, long subscriber)
    {
        var token = new ClickToken(issue, subscriber).Sign(_keys, _keys.ActiveKey);

        Assert.Equal(new ClickToken(issue, subscriber), ClickToken.Verify(_keys, token));
        Assert.Equal(new ClickToken(issue, subscriber), ClickToken.Verify(_keys, $"{token}.12", out var link));
        Assert.Equal(new NumberedLink(12, null), link);
        Assert.Equal(new ClickToken(issue, subscriber), ClickToken.Verify(_keys, $"{token}.{NumberedLink.To(12, "https://example.org/")}", out link));
        Assert.Equal(NumberedLink.To(12, "https://example.org/"), link);
        Assert.NotEqual(NumberedLink.To(12, "https://example.org/a"), link);
        Assert.Matches("^[A-Za-z0-9._-]+$", token);
    }

    [Fact]
    public void NothingElseIsOne()
    {
        var token = new ClickToken(35, 7).Sign(_keys, _keys.ActiveKey);
        var unsubscribe = new UnsubscribeToken(35, 7, 1).Sign(_keys, _keys.ActiveKey);

        foreach (var other in (string?[])[null, "", ".", "1", ".1", $"{token}", $"{token}.", $"{token}.x", $"{token}.-1", $"{token}.+1", $"{token}. 1", $"{token}.99999999999", $"{token}.1-", $"{token}.1-0123", $"{token}.-0123456789", $"{unsubscribe}.1", $"x{token}.1", $"{token[..^1]}.1"])
            Assert.Null(ClickToken.Verify(_keys, other, out _));
        Assert.Null(UnsubscribeToken.Verify(_keys, token));
        Assert.Null(ClickToken.Verify(KeyRing.Generate(), token));
    }
}
