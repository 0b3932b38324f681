using Newsletter.Mailer.Access;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Access;

public sealed class ApiKeyStoreTests : DatabaseTest
{
    private ApiKeyStore Keys => new(DataSource);

    [Fact]
    public async Task AKeyJustMadeIsAdmittedWithItsScopes()
    {
        var made = await Keys.CreateAsync("studio", [Scopes.WriteEditions, Scopes.ReadIssues], null, default);

        var admitted = Assert.IsType<KeyCheck.Admitted>(await Keys.CheckAsync(made.Token, default)).Key;

        Assert.Equal(made.Key.Id, admitted.Id);
        Assert.Equal([Scopes.WriteEditions, Scopes.ReadIssues], admitted.Scopes);
        Assert.True(admitted.May(Scopes.ReadEditions));
        Assert.False(admitted.May(Scopes.WriteIssues));
        Assert.Equal(TimeSpan.Zero, admitted.CreatedAt.Offset);
    }

    [Fact]
    public async Task TheSecretIsNowhereInTheDatabase()
    {
        var made = await Keys.CreateAsync("studio", Scopes.All.ToArray(), null, default);

        var row = await Database.ScalarAsync<string>("select to_json(k)::text from api_keys k");

        Assert.StartsWith("nlm_", made.Token, StringComparison.Ordinal);
        Assert.DoesNotContain(made.Token[13..], row!, StringComparison.Ordinal);
        Assert.Contains(made.Key.Prefix, row!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongSecretUnderAKnownPrefixIsUnknown()
    {
        var made = await Keys.CreateAsync("studio", [Scopes.ReadIssues], null, default);
        var forged = made.Token[..^1] + (made.Token[^1] == '0' ? '1' : '0');

        Assert.IsType<KeyCheck.Unknown>(await Keys.CheckAsync(forged, default));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nlm_")]
    [InlineData("nlm_abcdefgh_short")]
    [InlineData("nlm_ABCDEFGH_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("nlm_abcdefgh_000000000000000000000000000000000000000000000000000000000000000\0")]
    public async Task WhatWasNeverATokenIsUnknown(string? presented) =>
        Assert.IsType<KeyCheck.Unknown>(await Keys.CheckAsync(presented, default));

    [Fact]
    public async Task AnExpiredKeySaysWhenItExpired()
    {
        var expiry = new DateTimeOffset(2020, 1, 2, 3, 4, 0, TimeSpan.FromHours(2));
        var made = await Keys.CreateAsync("old", [Scopes.ReadIssues], expiry, default);

        var expired = Assert.IsType<KeyCheck.Expired>(await Keys.CheckAsync(made.Token, default));

        Assert.Equal(expiry, expired.At);
    }

    [Fact]
    public async Task ARevokedKeyIsRefusedAndRevokingTwiceIsHarmless()
    {
        var made = await Keys.CreateAsync("gone", [Scopes.ReadIssues], null, default);

        Assert.True(await Keys.RevokeAsync(made.Key.Id, default));
        var first = (await Keys.FindAsync(made.Key.Id, default))!.RevokedAt;
        Assert.True(await Keys.RevokeAsync(made.Key.Id, default));

        Assert.Equal(first, (await Keys.FindAsync(made.Key.Id, default))!.RevokedAt);
        Assert.IsType<KeyCheck.Revoked>(await Keys.CheckAsync(made.Token, default));
        Assert.False(await Keys.RevokeAsync(made.Key.Id + 1, default));
    }

    [Fact]
    public async Task UseIsNotedAtMostOnceAMinute()
    {
        var made = await Keys.CreateAsync("busy", [Scopes.ReadIssues], null, default);
        Assert.Null(made.Key.LastUsedAt);

        await Keys.CheckAsync(made.Token, default);
        var first = await LastUsed(made);
        await Keys.CheckAsync(made.Token, default);
        Assert.Equal(first, await LastUsed(made));

        await Database.ExecuteAsync("update api_keys set last_used_at = now() - interval '61 seconds'");
        await Keys.CheckAsync(made.Token, default);
        Assert.True(await LastUsed(made) >= first);
    }

    [Fact]
    public void AWriteScopeIncludesItsReadScopeAndNoOther()
    {
        Assert.True(Scopes.Cover([Scopes.WriteSubscribers], Scopes.ReadSubscribers));
        Assert.False(Scopes.Cover([Scopes.ReadSubscribers], Scopes.WriteSubscribers));
        Assert.False(Scopes.Cover([Scopes.WriteEditions], Scopes.ReadIssues));
        Assert.False(Scopes.Cover([Scopes.WriteKeys], Scopes.Operate));
        Assert.Equal(["issues:send"], Scopes.UnknownAmong([Scopes.Operate, "issues:send"]));
    }

    [Fact]
    public void ATokenDoesNotRevealItselfWhenPrinted()
    {
        var token = ApiKeyToken.Create();

        Assert.Equal(token.Prefix, token.ToString());
        Assert.Equal(77, token.Reveal().Length);
        Assert.True(ApiKeyToken.TryParse(token.Reveal(), out _));
    }

    private async Task<DateTimeOffset?> LastUsed(CreatedApiKey made) => (await Keys.FindAsync(made.Key.Id, default))!.LastUsedAt;
}
