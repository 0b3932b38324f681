using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class SealedSecretTests
{
    private readonly KeyRing _ring = KeyRing.Generate();

    [Theory]
    [InlineData("opensesame")]
    [InlineData("")]
    [InlineData("pässwörd 王")]
    public void WhatWasSealedOpens(string secret)
    {
        var kept = SealedSecret.Seal(_ring, "relay password", secret);

        Assert.StartsWith("k1.", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(secret.Length > 0 ? secret : "k1.k1", kept, StringComparison.Ordinal);
        Assert.Equal(secret, SealedSecret.Open(_ring, "relay password", kept, out var problem));
        Assert.Null(problem);
    }

    [Fact]
    public void TheSameSecretIsNeverSealedTheSame() =>
        Assert.NotEqual(SealedSecret.Seal(_ring, "x", "opensesame"), SealedSecret.Seal(_ring, "x", "opensesame"));

    [Fact]
    public void AnotherPurposeAnotherKeyOrAChangedTextOpensNothing()
    {
        var kept = SealedSecret.Seal(_ring, "relay password", "opensesame");
        var changed = kept[..^1] + (kept[^1] == 'A' ? 'B' : 'A');

        foreach (var (ring, purpose, text) in new[] { (_ring, "other", kept), (KeyRing.Generate(), "relay password", kept), (_ring, "relay password", changed), (_ring, "relay password", "k1."), (_ring, "relay password", "k1.%%") })
        {
            Assert.Null(SealedSecret.Open(ring, purpose, text, out var problem));
            Assert.Contains("Give the secret again", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AMissingKeyIsNamed()
    {
        Assert.Null(KeyRing.TryCreate(new LinkKeyOptions { Keys = { ["k2"] = Convert.ToBase64String(new byte[32]) } }, out var later));
        var kept = SealedSecret.Seal(_ring, "relay password", "opensesame");

        Assert.Null(SealedSecret.Open(later!, "relay password", kept, out var problem));

        Assert.Contains("'k1', which is not in Links:Keys", problem, StringComparison.Ordinal);
    }
}
