using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class VoteTokenTests
{
    private readonly KeyRing _keys = KeyRing.Generate();

    [Fact]
    public void ALinkNamesReaderPollAndChoice()
    {
        var token = new VoteToken(35, 7).Sign(_keys, _keys.ActiveKey);

        Assert.Equal(new VoteToken(35, 7), VoteToken.Verify(_keys, $"{token}.2.10", out var poll, out var choice));
        Assert.Equal((new NumberedLink(2, null), 10), (poll, choice));
        Assert.Equal(new VoteToken(35, 7), VoteToken.Verify(_keys, $"{token}.2", out poll, out choice));
        Assert.Equal((new NumberedLink(2, null), 0), (poll, choice));
        var named = NumberedLink.To(2, NumberedLink.TargetOf("Well?", ["Yes", "No"]));
        Assert.Equal(new VoteToken(35, 7), VoteToken.Verify(_keys, $"{token}.{named}.1", out poll, out choice));
        Assert.Equal((named, 1), (poll, choice));
    }

    [Fact]
    public void NothingElseIsOne()
    {
        var token = new VoteToken(35, 7).Sign(_keys, _keys.ActiveKey);
        var click = new ClickToken(35, 7).Sign(_keys, _keys.ActiveKey);

        foreach (var other in (string?[])[null, "", "...", token, $"{token}.", $"{token}.x.1", $"{token}.1.x", $"{token}.-1.1", $"{token}.99999.1", $"{token}.1.1.1", $"{click}.1.1", $"x{token}.1.1"])
            Assert.Null(VoteToken.Verify(_keys, other, out _, out _));
        Assert.Null(ClickToken.Verify(_keys, token));
        Assert.Null(VoteToken.Verify(KeyRing.Generate(), $"{token}.1.1", out _, out _));
    }

    [Fact]
    public void AVotersHashIsOfOnePollAndKey()
    {
        var other = KeyRing.Generate();
        byte[][] hashes =
        [
            VoterHash.Of(_keys, "k1", 35, 1, 7), VoterHash.Of(_keys, "k1", 35, 1, 8), VoterHash.Of(_keys, "k1", 35, 2, 7), VoterHash.Of(_keys, "k1", 36, 1, 7), VoterHash.Of(other, "k1", 35, 1, 7),
        ];

        Assert.Equal(5, hashes.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(hashes[0], VoterHash.Of(_keys, "k1", 35, 1, 7));
        Assert.Throws<KeyNotFoundException>(() => VoterHash.Of(_keys, "gone", 35, 1, 7));
    }
}
