using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Links;

public sealed class KeyRingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyring").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void ATokenSaysWhoLeavesWhatAndThroughWhichIssue()
    {
        var ring = KeyRing.Generate();
        var token = new UnsubscribeToken(3, 9_000_000_000, 35).Sign(ring, ring.ActiveKey);

        Assert.Equal(new UnsubscribeToken(3, 9_000_000_000, 35), UnsubscribeToken.Verify(ring, token));
        Assert.Equal(token, new UnsubscribeToken(3, 9_000_000_000, 35).Sign(ring, ring.ActiveKey));
        Assert.Matches("^[A-Za-z0-9_.-]{20,60}$", token);
    }

    [Fact]
    public void ATokenChangedInAnyCharacterIsRefused()
    {
        var ring = KeyRing.Generate();
        var token = new UnsubscribeToken(3, 12, 35).Sign(ring, ring.ActiveKey);

        for (var i = 0; i < token.Length; i++)
        {
            var forged = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            Assert.Null(UnsubscribeToken.Verify(ring, forged));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("k1.")]
    [InlineData("k1.AAAA")]
    [InlineData("k9.AAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("k1.ÄÖÜ\0\n")]
    public void WhatIsNoTokenIsRefused(string? token) => Assert.Null(UnsubscribeToken.Verify(KeyRing.Generate(), token));

    [Fact]
    public void ATokenCutOffAnywhereIsRefused()
    {
        var ring = KeyRing.Generate();
        var token = new UnsubscribeToken(3, 12, 35).Sign(ring, ring.ActiveKey);
        Assert.All(Enumerable.Range(0, token.Length), length => Assert.Null(UnsubscribeToken.Verify(ring, token[..length])));
        Assert.All(Enumerable.Range(1, 60), length => Assert.Null(UnsubscribeToken.Verify(ring, "k1." + new string('b', length))));
    }

    [Fact]
    public void ATokenOfEndlessLengthIsRefused() =>
        Assert.Null(UnsubscribeToken.Verify(KeyRing.Generate(), "k1." + new string('A', 1_000_000)));

    [Fact]
    public void AnotherRingRefusesTheToken()
    {
        var ring = KeyRing.Generate();
        Assert.Null(UnsubscribeToken.Verify(KeyRing.Generate(), new UnsubscribeToken(1, 2, 3).Sign(ring, "k1")));
    }

    [Fact]
    public void AnOldKeyStillVerifiesAfterAnotherBecameActive()
    {
        var first = KeyRing.Generate();
        var token = new UnsubscribeToken(1, 2, 3).Sign(first, "k1");
        var options = first.ToOptions();
        options.Keys["k2"] = Convert.ToBase64String(new byte[32]);
        options.ActiveKey = "k2";

        Assert.Null(KeyRing.TryCreate(options, out var second));
        Assert.Equal("k2", second!.ActiveKey);
        Assert.NotNull(UnsubscribeToken.Verify(second, token));
    }

    [Fact]
    public void ARingWithoutKeysSaysHowToMakeOne() =>
        Assert.Contains("openssl rand -base64 32", KeyRing.TryCreate(new LinkKeyOptions(), out _), StringComparison.Ordinal);

    [Theory]
    [InlineData("K 1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", null, "Links:Keys:K 1")]
    [InlineData("k1", "short", null, "Links:Keys:k1")]
    [InlineData("k1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "k2", "Links:ActiveKey")]
    public void AWrongRingNamesTheSetting(string id, string secret, string? active, string named)
    {
        var problem = KeyRing.TryCreate(new LinkKeyOptions { Keys = { [id] = secret }, ActiveKey = active }, out var ring);
        Assert.Contains(named, problem, StringComparison.Ordinal);
        Assert.Null(ring);
    }

    [Fact]
    public void TheFileIsMadeOnceForTheOwnerOnlyAndReadEverAfter()
    {
        var path = Path.Combine(_folder, "links.json");
        var token = new UnsubscribeToken(1, 2, 3).Sign(KeyRingFile.LoadOrCreate(path), "k1");

        Assert.NotNull(UnsubscribeToken.Verify(KeyRingFile.LoadOrCreate(path), token));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void TwoStartersAtOnceGetOneRing()
    {
        // Once is luck.
        for (var round = 0; round < 100; round++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{round}")).FullName;
            var path = Path.Combine(folder, "links.json");
            var tokens = new string[16];
            Parallel.For(0, tokens.Length, i => tokens[i] = new UnsubscribeToken(1, 2, 3).Sign(KeyRingFile.LoadOrCreate(path), "k1"));

            Assert.Single(tokens.Distinct());
            Assert.Single(Directory.GetFiles(folder));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"Keys\":{}}")]
    public void ADamagedFileIsReportedAndLeftAlone(string content)
    {
        var path = Path.Combine(_folder, "links.json");
        File.WriteAllText(path, content);

        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => KeyRingFile.LoadOrCreate(path)).Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
    }
}
