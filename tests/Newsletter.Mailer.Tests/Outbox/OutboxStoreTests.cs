using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Outbox;

public sealed class OutboxStoreTests : DatabaseTest
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private OutboxStore Store => new(DataSource);

    [Fact]
    public async Task WhatIsPutIsDueAndIsClaimedAsItWas()
    {
        var id = await PutAsync();

        Assert.Equal([id], await Store.AllDue(default));
        var mail = (await Store.ClaimAsync(id, Lease, default))!;

        Assert.Equal((id, "test_send", "ana@example.net", (short)1, 1L), (mail.Id, mail.Kind, mail.Address, mail.Attempts, mail.Fence));
        Assert.Equal("""{"EditionId": 7}""", mail.Model);
        Assert.Equal(16, mail.Nonce.Length);
        Assert.Equal(TimeSpan.Zero, mail.CreatedAt.Offset);
        Assert.Empty(await Store.AllDue(default));
    }

    [Fact]
    public async Task SeveralArePutInTheirOrderOrNoneIs()
    {
        var ids = await Store.PutAsync([To("ana@example.net"), To("bo@example.net")], default);
        Assert.Equal(ids, await Database.ListAsync<long>("select id from outbox order by address"));

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Store.PutAsync([To("cy@example.net"), To("di@example.net", model: "{")], default));

        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from outbox"));
    }

    [Fact]
    public async Task WhatIsDoneWithIsForgottenAfterAMonth()
    {
        var ids = await Store.PutAsync(((string[])["old@example.net", "new@example.net", "due@example.net"]).Select(address => To(address)), default);
        await Database.ExecuteAsync("update outbox set state = 'sent', finished_at = now() - make_interval(days => case id when $1 then 31 else 29 end) where id <> $2", ids[0], ids[2]);

        await Store.ForgetOldAsync(default);

        Assert.Equal(ids.Skip(1), await Database.ListAsync<long>("select id from outbox order by id"));
    }

    [Fact]
    public async Task OneOfManyWhoClaimAtOnceGetsIt()
    {
        var id = await PutAsync();

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Store.ClaimAsync(id, Lease, default))));

        Assert.Single(claims, claim => claim is not null);
    }

    [Fact]
    public async Task ALeaseThatRanOutIsTakenOverAndTheFirstOwnerChangesNothingMore()
    {
        var id = await PutAsync();
        var lost = (await Store.ClaimAsync(id, Lease, default))!;
        await Database.ExecuteAsync("update outbox set lease_until = now() - interval '1 second'");
        Assert.Equal([id], await Store.AllDue(default));

        var taken = (await Store.ClaimAsync(id, Lease, default))!;
        await Store.SentAsync(lost, "250 Ok", default);

        Assert.Equal((2L, (short)2, lost.Nonce), (taken.Fence, taken.Attempts, taken.Nonce));
        Assert.Equal("sending", await StateAsync(id));
        await Store.SentAsync(taken, "250 Ok", default);
        Assert.Equal("sent", await StateAsync(id));
    }

    [Fact]
    public async Task AMailToBeTriedAgainWaitsItsTime()
    {
        var id = await PutAsync();
        var mail = (await Store.ClaimAsync(id, Lease, default))!;

        await Store.TryAgainAsync(mail, "450 Later", TimeSpan.FromMinutes(2), default);

        Assert.Equal("ready", await StateAsync(id));
        Assert.Null(await Store.ClaimAsync(id, Lease, default));
        Assert.Empty(await Store.AllDue(default));
        await Database.ExecuteAsync("update outbox set next_at = next_at - interval '2 minutes'");
        Assert.Equal([id], await Store.AllDue(default));
        Assert.Equal(2, (await Store.ClaimAsync(id, Lease, default))!.Attempts);
    }

    [Theory]
    [InlineData(true, "sent")]
    [InlineData(false, "failed")]
    public async Task WhatIsDoneIsNeverClaimedAgain(bool sent, string state)
    {
        var id = await PutAsync();
        var mail = (await Store.ClaimAsync(id, Lease, default))!;

        await (sent ? Store.SentAsync(mail, "250 Ok", default) : Store.FailedAsync(mail, "550 No", default));

        Assert.Equal(state, await StateAsync(id));
        Assert.Null(await Store.ClaimAsync(id, Lease, default));
        Assert.Empty(await Store.AllDue(default));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from outbox where finished_at is not null and reply is not null and lease_until is null"));
    }

    [Fact]
    public async Task WhatIsNotThereIsNotClaimed() => Assert.Null(await Store.ClaimAsync(4711, Lease, default));

    private async Task<long> PutAsync() => Assert.Single(await Store.PutAsync([To("ana@example.net")], default));

    private static OutboxMail To(string address, string model = """{"EditionId":7}""") => new() { Kind = "test_send", Address = address, Model = model };

    private Task<string?> StateAsync(long id) => Database.ScalarAsync<string>("select state from outbox where id = $1", id);
}
