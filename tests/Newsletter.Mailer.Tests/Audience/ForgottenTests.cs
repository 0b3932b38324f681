using System.Net;
using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Addresses that are known by their hash alone: forgotten, disowned or suppressed. Whichever way they come in, they are recognised.</summary>
public sealed class ForgottenTests : ForgettingTest
{
    [Fact]
    public async Task WhoWasErasedComesBackByNoImportAndNoApi()
    {
        await EraseAsync();

        var import = await ImportHashedAsync("email,status\nANA@example.com,active\nbo@example.com,active\n");

        Assert.Equal((1L, 1L, 0L), (import.Created, import.Suppressed, import.Suppressions));
        Assert.Equal((0L, 1L), await CountsOf(await ImportHashedAsync("email,status\nana@example.com,bounced\n")));
        foreach (var draft in new[]
        {
            new SubscriberDraft { Email = Ana },
            new SubscriberDraft { Email = Ana, Newsletter = Tea },
            new SubscriberDraft { Email = Ana, Newsletter = Tea, Confirmed = true },
            new SubscriberDraft { Email = Ana, Newsletter = Tea, Status = "unsubscribed" },
        })
            Assert.Contains("when they sign up", Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(draft, default)).Problem, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from subscribers where address ilike 'ana@%') + (select count(*) from suppressions where address is not null)"));

        async Task<(long, long)> CountsOf(Import taken) => (await Database.ScalarAsync<long>("select count(*) from suppressions where address is not null"), taken.Suppressed);
    }

    [Fact]
    public async Task AnAddressIsForgottenWithoutAReaderOfItsOwn()
    {
        await Suppressions.AddAsync(new SuppressionDraft { Email = Ana, Reason = "hard_bounce", Evidence = "550 <ana@example.com>: no" }, default);
        await SignUpAsync();
        var import = await BeginAsync();
        await HashingImporter.ReceiveAsync(import, new MemoryStream(Encoding.UTF8.GetBytes("email\nana@example.com\nbo@example.com\n")), null, default);

        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, Keys).EraseAsync(" ANA@example.com", default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("""
            select (select count(*) from suppressions where address is not null or evidence is not null) + (select count(*) from sign_ups) + (select count(*) from outbox)
                   + (select count(*) from import_rows where key = 'ana@example.com')
            """));
        Assert.Equal(["erased", "hard_bounce"], await Database.ListAsync<string>("select reason from suppressions order by 1"));
        var merged = Assert.IsType<MergeOutcome.Finished>(await HashingImporter.MergeAsync(import, null, default)).Import;
        AssertBalanced(merged);
        Assert.Equal((1L, 1L), (merged.Created, merged.Suppressed));
    }

    [Fact]
    public async Task WhoIsTakenInWhileTheyAreForgottenIsForgotten()
    {
        for (var n = 0; n < 30; n++)
        {
            var address = $"reader{n}@example.com";
            await Task.WhenAll(
                Hashing.CreateAsync(new SubscriberDraft { Email = address, Newsletter = Tea }, default), new ErasureStore(DataSource, Keys).EraseAsync(address, default),
                Hashing.CreateAsync(new SubscriberDraft { Email = address }, default));
        }

        Assert.Equal((0L, 30L), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<long>("select count(*) from suppressions where reason = 'erased'")));
    }

    [Fact]
    public async Task AReaderIsForgottenByTheirAddressAndOneNobodyKnowsIsKeptOut()
    {
        await ImportAsync("email\nana@example.com\n");

        foreach (var address in new[] { "Ana@Example.com", "ana@example.com", "nobody@example.com" })
            Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, Keys).EraseAsync(address, default));

        Assert.Equal((0L, 2L), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<long>("select count(*) from suppressions where reason = 'erased'")));
        Assert.Equal(2L, (await ImportHashedAsync("email\nana@example.com\nnobody@example.com\n")).Suppressed);
        Assert.Contains("@", Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(await new ErasureStore(DataSource, Keys).EraseAsync("ana", default)).Problems.Single().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoWasErasedComesBackByTheirOwnSignUpAloneAndIsThenOneOfAll()
    {
        await EraseAsync();
        var id = await SignUpAsync();
        Assert.True((await Confirmations.DecideAsync(id, default)).IsSent);
        var reader = await Database.ScalarAsync<long>("select id from subscribers");
        // Asked is not confirmed: until then nobody else may say yes for them.
        var put = await new SubscriptionStore(DataSource, Keys).PutAsync(reader, Tea, new SubscriptionDraft { Status = "active", Confirmed = true }, default);
        Assert.IsType<AudienceOutcome<SubscriptionStatus>.Conflict>(put);

        Assert.Equal(ConfirmResult.Confirmed, (await Confirmations.ConfirmAsync(id, IPAddress.Loopback, default)).Result);

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
        Assert.Equal("erased", Assert.Single((await Hashed.ListLiftedAsync(Parsed(Ana), PageRequest.First, default)).Items).Reason);
        Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
        Assert.Equal(1L, (await ImportHashedAsync("email,city\nana@example.com,Bath\n")).Updated);
    }

    [Fact]
    public async Task LiftingTheBounceOfWhoWasErasedLetsThemSignUpAndNobodyElseBringThemBack()
    {
        await EraseAsync("hard_bounce");
        Assert.False((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
        var bounce = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal((null, "hard_bounce"), (bounce.Address, bounce.Reason));

        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashed.RemoveAsync(bounce.Id, "It works again.", 7, default));

        var erased = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal("erased", erased.Reason);
        Assert.Contains("when they sign up", Assert.IsType<AudienceOutcome<Suppression>.Conflict>(await Hashed.RemoveAsync(erased.Id, null, 7, default)).Problem, StringComparison.Ordinal);
        Assert.Equal(1L, (await ImportHashedAsync("email\nana@example.com\n")).Suppressed);
        Assert.True((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
    }

    [Theory]
    [InlineData("complaint")]
    [InlineData("manual")]
    public async Task WhoIsSuppressedByHashGetsNoConfirmationAndCanNotConfirm(string reason)
    {
        var early = await SignUpAsync();
        Assert.True((await Confirmations.DecideAsync(early, default)).IsSent);
        await Database.ExecuteAsync("delete from subscribers; update sign_ups set mailed_at = mailed_at - interval '2 days'");
        await Hashed.AddAsync(new SuppressionDraft { Email = "Ana@Example.com", AsHash = true, Reason = reason }, default);

        var late = await SignUpAsync();

        Assert.False((await Confirmations.DecideAsync(late, default)).IsSent);
        Assert.Equal("dropped suppressed", await Database.ScalarAsync<string>("select state || ' ' || dropped_because from sign_ups where id = $1", late));
        Assert.Equal(ConfirmResult.Blocked, (await Confirmations.ConfirmAsync(early, IPAddress.Loopback, default)).Result);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task ForgottenAddressesGoOutAndComeInWithTheListAndOnlyAsHashes()
    {
        await EraseAsync("complaint");
        using var output = new MemoryStream();
        await Lists.ExportAsync(output, default);
        await Database.ExecuteAsync("delete from suppressions");

        output.Position = 0;
        Assert.Equal((2L, 0L), (await Lists.ImportAsync(output, default)).Import is { } import ? (import.Added, import.Invalid) : default);

        Assert.Equal("complaint erased", await Database.ScalarAsync<string>("select string_agg(reason, ' ' order by reason) from suppressions where address_hash is not null"));
        foreach (var draft in new[] { new SuppressionDraft { Email = Ana, Reason = "erased" }, new SuppressionDraft { Domain = "example.com", Reason = "not_me" } })
            Assert.Equal("reason", Assert.IsType<AudienceOutcome<Suppression>.Invalid>(await Hashed.AddAsync(draft, default)).Problems[0].Field);
        // What stands there already for another reason is another fact.
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "manual" }, default));
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "erased" }, default));
        Assert.IsType<AudienceOutcome<Suppression>.Created>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "not_me" }, default));
    }
}
