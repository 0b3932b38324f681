using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class IssueMessageIdTests
{
    private readonly string _nonce = IssueMessageId.NewNonce("example.com");

    [Fact]
    public void OneIsReadAsItIsWrittenAndIsOfOneDeliveryAlone()
    {
        var id = IssueMessageId.Of(35, 7, _nonce);

        Assert.True(IssueMessageId.TryParse($" <{id}>", out var issue, out var seq, out var end));
        Assert.Equal((35L, 7, id["35.7.".Length..]), (issue, seq, end));
        Assert.Matches("^35\\.7\\.[0-9a-f]{20}@example\\.com$", id);
        Assert.Equal(id, IssueMessageId.Of(35, 7, _nonce));
        Assert.Equal(4, new[] { id, IssueMessageId.Of(35, 8, _nonce), IssueMessageId.Of(36, 7, _nonce), IssueMessageId.Of(35, 7, IssueMessageId.NewNonce("example.com")) }.Select(one => one.Split('.', 3)[2]).Distinct().Count());
        Assert.DoesNotContain(_nonce[..12], id, StringComparison.Ordinal);
        Assert.Equal("35.7.0123456789ab@example.com", IssueMessageId.Of(35, 7, "0123456789ab@example.com"));
        Assert.True(IssueMessageId.TryParse(IssueMessageId.Of(long.MaxValue, int.MaxValue, _nonce), out _, out _, out _));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("<abc@example.com>")]
    [InlineData("35.7.abc")]
    [InlineData("35.x.abc@example.com")]
    [InlineData("-35.7.abc@example.com")]
    [InlineData("99999999999999999999.7.abc@example.com")]
    public void AnothersIsNone(string? messageId) => Assert.False(IssueMessageId.TryParse(messageId, out _, out _, out _));
}
