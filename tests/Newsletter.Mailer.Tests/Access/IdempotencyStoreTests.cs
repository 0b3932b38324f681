using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Access;

public sealed class IdempotencyStoreTests : DatabaseTest
{
    private static readonly byte[] s_request = SHA256.HashData("the request"u8);
    private static readonly byte[] s_another = SHA256.HashData("another"u8);

    private IdempotencyStore Store => new(DataSource);

    [Fact]
    public async Task TheSameRequestGetsTheFirstAnswer()
    {
        var key = await MakeKey();

        Assert.IsType<IdempotencyClaim.Started>(await Store.ClaimAsync(key, "a", s_request, default));
        await Store.CompleteAsync(key, "a", new RememberedAnswer(201, """{"Location": "/api/editions/1"}""", Encoding.UTF8.GetBytes("{}")), default);

        var answer = Assert.IsType<IdempotencyClaim.Answered>(await Store.ClaimAsync(key, "a", s_request, default)).Answer;
        Assert.Equal(201, answer.Status);
        Assert.Equal("""{"Location": "/api/editions/1"}""", answer.Headers);
        Assert.Equal("{}"u8.ToArray(), answer.Body);
    }

    [Fact]
    public async Task AnotherRequestUnderTheSameKeyIsRefused()
    {
        var key = await MakeKey();
        await Store.ClaimAsync(key, "a", s_request, default);

        Assert.IsType<IdempotencyClaim.OtherRequest>(await Store.ClaimAsync(key, "a", s_another, default));
    }

    [Fact]
    public async Task OneOfManyAtOnceStarts()
    {
        var key = await MakeKey();

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.ClaimAsync(key, "a", s_request, default)));

        Assert.Single(claims.OfType<IdempotencyClaim.Started>());
        Assert.Equal(7, claims.OfType<IdempotencyClaim.InProgress>().Count());
    }

    [Fact]
    public async Task AnAbandonedKeyIsFreeAgain()
    {
        var key = await MakeKey();
        await Store.ClaimAsync(key, "a", s_request, default);

        await Store.AbandonAsync(key, "a", default);

        Assert.IsType<IdempotencyClaim.Started>(await Store.ClaimAsync(key, "a", s_another, default));
    }

    [Fact]
    public async Task AClaimWhoseProcessDiedIsFreeAfterTenMinutes()
    {
        var key = await MakeKey();
        await Store.ClaimAsync(key, "a", s_request, default);

        await Database.ExecuteAsync("update idempotency_keys set created_at = now() - interval '9 minutes'");
        Assert.IsType<IdempotencyClaim.InProgress>(await Store.ClaimAsync(key, "a", s_request, default));
        await Database.ExecuteAsync("update idempotency_keys set created_at = now() - interval '11 minutes'");
        Assert.IsType<IdempotencyClaim.Started>(await Store.ClaimAsync(key, "a", s_request, default));
    }

    [Fact]
    public async Task AnswersAreForgottenAfterADay()
    {
        var key = await MakeKey();
        await Store.ClaimAsync(key, "a", s_request, default);
        await Store.CompleteAsync(key, "a", new RememberedAnswer(200, "{}", []), default);
        await Database.ExecuteAsync("update idempotency_keys set created_at = now() - interval '25 hours'");

        Assert.IsType<IdempotencyClaim.Started>(await Store.ClaimAsync(key, "a", s_another, default));
    }

    [Fact]
    public async Task TwoCallersMayUseTheSameKey()
    {
        var (first, second) = (await MakeKey(), await MakeKey());
        await Store.ClaimAsync(first, "a", s_request, default);

        Assert.IsType<IdempotencyClaim.Started>(await Store.ClaimAsync(second, "a", s_another, default));
    }

    private async Task<long> MakeKey() => (await new ApiKeyStore(DataSource).CreateAsync("test", [Scopes.Operate], null, default)).Key.Id;
}
