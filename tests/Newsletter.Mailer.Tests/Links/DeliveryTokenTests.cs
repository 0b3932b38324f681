using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class DeliveryTokenTests
{
    private static readonly KeyRing s_ring = KeyRing.Generate();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(35, 12)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void ATokenNamesItsDeliveryWhateverTheCase(long issue, int seq)
    {
        var token = new DeliveryToken(issue, seq).Sign(s_ring, s_ring.ActiveKey);

        Assert.Matches("^[a-z2-7]{1,39}$", token);
        Assert.Equal(new DeliveryToken(issue, seq), DeliveryToken.Verify(s_ring, token));
        Assert.Equal(new DeliveryToken(issue, seq), DeliveryToken.Verify(s_ring, token.ToUpperInvariant()));
        Assert.Equal(token, new DeliveryToken(issue, seq).Sign(s_ring, s_ring.ActiveKey));
    }

    [Fact]
    public void ATokenChangedOrCutAnywhereIsRefused()
    {
        var token = new DeliveryToken(35, 12).Sign(s_ring, s_ring.ActiveKey);

        Assert.All(Enumerable.Range(0, token.Length), at => Assert.Null(DeliveryToken.Verify(s_ring, token[..at] + (token[at] == 'a' ? 'b' : 'a') + token[(at + 1)..])));
        Assert.All(Enumerable.Range(0, token.Length), length => Assert.Null(DeliveryToken.Verify(s_ring, token.AsSpan(0, length))));
        Assert.Null(DeliveryToken.Verify(KeyRing.Generate(), token));
        Assert.Null(DeliveryToken.Verify(s_ring, token + "a"));
        Assert.Null(DeliveryToken.Verify(s_ring, "ä" + token[1..]));
    }

    [Property(MaxTest = 300)]
    public Property Base32GivesBackWhatItGot() => Prop.ForAll(Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().ToArbitrary(), bytes =>
    {
        var decoded = new byte[bytes.Length];
        return Base32.TryDecode(Base32.Encode(bytes), decoded, out var length) && length == bytes.Length && decoded.AsSpan().SequenceEqual(bytes);
    });

    [Fact]
    public void EveryDeliveryHasAReturnPathOfItsOwn()
    {
        Assert.Null(ReturnPaths.TryCreate("Bounce@Bounces.example.com", out var paths));
        var token = new DeliveryToken(long.MaxValue, int.MaxValue).Sign(s_ring, s_ring.ActiveKey);
        var address = paths!.For(token);

        Assert.Equal($"bounce+{token}@bounces.example.com", address);
        Assert.True(address.IndexOf('@', StringComparison.Ordinal) <= ReturnPaths.LongestLocalPart);
        Assert.Equal(new DeliveryToken(long.MaxValue, int.MaxValue), paths.Read(s_ring, address.ToUpperInvariant()));
        Assert.Null(paths.Read(s_ring, "bounce@bounces.example.com"));
        Assert.Null(paths.Read(s_ring, address.Replace("bounces.", "bounced.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("bounce")]
    [InlineData("Bounces <bounce@example.com>")]
    [InlineData("bounce+x@example.com")]
    [InlineData("averylongname@example.com")]
    [InlineData("bouncé@example.com")]
    public void AnAddressThatCantCarryATokenIsRefused(string address) => Assert.NotNull(ReturnPaths.TryCreate(address, out _));
}
