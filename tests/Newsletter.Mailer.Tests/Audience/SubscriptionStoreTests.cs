using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class SubscriptionStoreTests : ImportTest
{
    [Fact]
    public async Task ASubscriptionIsMadeAndItsTierChanged()
    {
        var id = await AddAsync();

        Assert.Equal(SubscriptionStatus.Active, await PutAsync(id, new SubscriptionDraft()));
        Assert.Equal(SubscriptionStatus.Active, await PutAsync(id, new SubscriptionDraft { Tier = "premium" }));

        var before = (await Subscribers.GetAsync(id, default))!.Subscriptions[0];
        Assert.Equal(SubscriptionTier.Premium, before.Tier);
        await PutAsync(id, new SubscriptionDraft { Status = "active" });
        Assert.Equal(before, (await Subscribers.GetAsync(id, default))!.Subscriptions[0]);
    }

    [Fact]
    public async Task ANewsletterThatHasReadersCannotBeDeleted()
    {
        await PutAsync(await AddAsync(), new SubscriptionDraft());

        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Database.ExecuteAsync("delete from newsletters"));

        Assert.Equal(Npgsql.PostgresErrorCodes.ForeignKeyViolation, refused.SqlState);
    }

    [Fact]
    public async Task LeavingTwiceKeepsTheFirstTimeAndWay()
    {
        var id = await AddAsync();
        await PutAsync(id, new SubscriptionDraft());
        var newsletterId = (await Subscribers.GetAsync(id, default))!.Subscriptions[0].NewsletterId;

        Assert.True(await Subscriptions.UnsubscribeAsync(newsletterId, id, "one_click", 35, default));
        var first = (await Subscribers.GetAsync(id, default))!.Subscriptions[0];
        Assert.False(await Subscriptions.UnsubscribeAsync(newsletterId, id, "page", 36, default));
        await PutAsync(id, new SubscriptionDraft { Status = "unsubscribed" });

        Assert.Equal((SubscriptionStatus.Unsubscribed, "one_click"), (first.Status, first.UnsubscribedBy));
        Assert.NotNull(first.UnsubscribedAt);
        Assert.Equal(first, (await Subscribers.GetAsync(id, default))!.Subscriptions[0]);
        Assert.Equal(35L, await Database.ScalarAsync<long>("select unsubscribed_issue from subscriptions"));
        Assert.False(await Subscriptions.UnsubscribeAsync(newsletterId, id + 1, "page", null, default));
    }

    [Theory]
    [InlineData("unsubscribed", "active")]
    [InlineData("unsubscribed", "pending")]
    [InlineData("pending", "active")]
    public async Task OnlyAConfirmedWordUndoesARefusal(string from, string to)
    {
        var id = await AddAsync();
        await PutAsync(id, new SubscriptionDraft { Status = from });

        var refused = await Subscriptions.PutAsync(id, Tea, new SubscriptionDraft { Status = to }, default);
        Assert.Equal("status", Assert.IsType<AudienceOutcome<SubscriptionStatus>.Conflict>(refused).Field);
        Assert.Equal(from, (await Subscribers.GetAsync(id, default))!.Subscriptions[0].Status.Word());

        // The tier alone may change all the while.
        await PutAsync(id, new SubscriptionDraft { Tier = "premium" });
        await PutAsync(id, new SubscriptionDraft { Status = to, Confirmed = true });
        var now = (await Subscribers.GetAsync(id, default))!.Subscriptions[0];
        Assert.Equal((to, SubscriptionTier.Premium, to == "active"), (now.Status.Word(), now.Tier, now.ConfirmedAt is not null));
        Assert.Null(now.UnsubscribedAt);
    }

    [Fact]
    public async Task TheSuppressedDoNotBecomeActiveAndMayLeave()
    {
        var id = await AddAsync();
        await Suppressions.AddAsync(new SuppressionDraft { Email = "ANA@example.com", Reason = "complaint" }, default);

        var refused = await Subscriptions.PutAsync(id, Tea, new SubscriptionDraft { Confirmed = true }, default);
        Assert.Contains("complaint", Assert.IsType<AudienceOutcome<SubscriptionStatus>.Conflict>(refused).Problem);
        Assert.Equal(SubscriptionStatus.Unsubscribed, await PutAsync(id, new SubscriptionDraft { Status = "unsubscribed" }));
    }

    [Fact]
    public async Task WhatIsNotThereOrWrongIsToldApart()
    {
        var id = await AddAsync();

        Assert.IsType<AudienceOutcome<SubscriptionStatus>.NotFound>(await Subscriptions.PutAsync(id, "nowhere", new SubscriptionDraft(), default));
        Assert.IsType<AudienceOutcome<SubscriptionStatus>.NotFound>(await Subscriptions.PutAsync(id, "\0", new SubscriptionDraft(), default));
        Assert.IsType<AudienceOutcome<SubscriptionStatus>.NotFound>(await Subscriptions.PutAsync(id + 1, Tea, new SubscriptionDraft(), default));
        var wrong = await Subscriptions.PutAsync(id, Tea, new SubscriptionDraft { Status = "x", Tier = "y" }, default);
        Assert.Equal(["status", "tier"], Assert.IsType<AudienceOutcome<SubscriptionStatus>.Invalid>(wrong).Problems.Select(problem => problem.Field));
    }

    private async Task<long> AddAsync() => Assert.IsType<AudienceOutcome<Subscriber>.Created>(
        await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com" }, default)).Value.Id;

    private async Task<SubscriptionStatus> PutAsync(long id, SubscriptionDraft draft) =>
        Assert.IsType<AudienceOutcome<SubscriptionStatus>.Updated>(await Subscriptions.PutAsync(id, Tea, draft, default)).Value;
}
