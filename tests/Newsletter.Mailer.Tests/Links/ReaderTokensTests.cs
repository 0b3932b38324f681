using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class ReaderTokensTests
{
    private static readonly KeyRing s_ring = KeyRing.Generate();
    private static readonly DateTimeOffset s_shown = new(2026, 3, 6, 8, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void ATokenComesBackAsItWasSigned()
    {
        Assert.Equal(new ConfirmToken(7), ConfirmToken.Verify(s_ring, new ConfirmToken(7).Sign(s_ring, "k1")));
        Assert.Equal(new PreferencesToken(long.MaxValue), PreferencesToken.Verify(s_ring, new PreferencesToken(long.MaxValue).Sign(s_ring, "k1")));
        var form = new FormToken(3, s_shown, "embed", "ar");
        Assert.Equal(form, FormToken.Verify(s_ring, form.Sign(s_ring, "k1")));
    }

    [Fact]
    public void ATokenOfOnePurposeDoesNothingElse()
    {
        var confirm = new ConfirmToken(7).Sign(s_ring, "k1");
        var preferences = new PreferencesToken(7).Sign(s_ring, "k1");
        var form = new FormToken(3, s_shown, "page", "en").Sign(s_ring, "k1");

        Assert.NotEqual(confirm, preferences);
        Assert.Null(PreferencesToken.Verify(s_ring, confirm));
        Assert.Null(ConfirmToken.Verify(s_ring, preferences));
        Assert.Null(ConfirmToken.Verify(s_ring, form));
        Assert.Null(UnsubscribeToken.Verify(s_ring, preferences));
        Assert.Null(FormToken.Verify(s_ring, preferences));
        Assert.Null(ConfirmToken.Verify(KeyRing.Generate(), confirm));
    }

    [Fact]
    public void AnAddressIsRecognisedWhateverItsCaseAndUnderOldKeysToo()
    {
        string[] secrets = [Convert.ToBase64String(new byte[32]), Convert.ToBase64String(Enumerable.Repeat((byte)1, 32).ToArray())];
        Assert.Null(KeyRing.TryCreate(new LinkKeyOptions { Keys = { ["k1"] = secrets[0] } }, out var old));
        Assert.Null(KeyRing.TryCreate(new LinkKeyOptions { Keys = { ["k1"] = secrets[0], ["k2"] = secrets[1] }, ActiveKey = "k2" }, out var now));

        var kept = AddressHash.Of(old!, "Ana@Example.com");

        Assert.Equal(kept, AddressHash.Of(old!, "ana@example.com"));
        Assert.Contains(AddressHash.AllOf(now!, "ANA@example.com"), hash => hash.SequenceEqual(kept));
        Assert.NotEqual(kept, AddressHash.AllOf(now!, "ana@example.com")[0]);
        Assert.DoesNotContain(AddressHash.AllOf(KeyRing.Generate(), "ana@example.com"), hash => hash.SequenceEqual(kept));
    }
}
