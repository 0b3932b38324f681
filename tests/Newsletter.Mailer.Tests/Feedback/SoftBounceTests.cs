using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Feedback;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>What comes back for now is counted, and suppresses when it goes on.</summary>
public sealed class SoftBounceTests : FeedbackTest
{
    [Fact]
    public async Task SoftBouncesCountAndSuppressWhenTheyGoOn()
    {
        Options.SoftBounces = 3;
        var (_, first) = await SendAsync(2);
        await ReceiveAsync(await first.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));
        var (_, second) = await SendAgainAsync();
        await ReceiveAsync(await second.BounceAsync(1, "5.2.2", "552 5.2.2 Mailbox full"));
        Assert.Empty(await Suppressions());

        var (_, third) = await SendAgainAsync();
        await ReceiveAsync(await third.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));

        Assert.Equal(["reader1@example.net soft_bounces"], await Suppressions());
        Assert.StartsWith("3 soft bounces within 30 days, the last: ", await Database.ScalarAsync<string>("select evidence from suppressions"), StringComparison.Ordinal);
        Assert.Equal(["soft mailboxfull 1 counted", "soft mailboxfull 1 counted", "soft mailboxfull 1 suppressed"], await BouncesKept());
    }

    [Fact]
    public async Task AnIssueThatArrivedBeginsTheCountAnew()
    {
        Options.SoftBounces = 2;
        var (_, first) = await SendAsync(1);
        await ReceiveAsync(await first.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));
        await SendAgainAsync();
        await Database.ExecuteAsync("update deliveries set updated_at = now() - interval '6 days'; update bounces set at = now() - interval '6 days'");
        var (_, third) = await SendAgainAsync();

        await ReceiveAsync(await third.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));

        Assert.Empty(await Suppressions());
        Assert.Equal(["soft mailboxfull 1 counted", "soft mailboxfull 1 counted"], await BouncesKept());
    }

    [Fact]
    public async Task TakingBackASoftSuppressionTakesBackAllThatWasCounted()
    {
        Options.SoftBounces = 2;
        await ReceiveAsync(await (await SendAsync(1)).Mails.BounceAsync(1, "5.2.2", "552 5.2.2 Mailbox full"));
        await ReceiveAsync(await (await SendAgainAsync()).Mails.BounceAsync(1, "5.2.2", "552 5.2.2 Mailbox full"));
        Assert.Single(await Suppressions());
        var last = await Database.ScalarAsync<long>("select max(id) from bounces");

        Assert.IsType<AudienceOutcome<BounceReport>.Updated>(await Bounces.UndoAsync(last, "It has room again.", null, default));
        Assert.Empty(await Suppressions());
        await ReceiveAsync(await (await SendAgainAsync()).Mails.BounceAsync(1, "5.2.2", "552 5.2.2 Mailbox full"));

        Assert.Empty(await Suppressions());
        Assert.IsType<AudienceOutcome<BounceReport>.Conflict>(await Bounces.UndoAsync(last, null, null, default));
    }

    [Fact]
    public async Task OldSoftBouncesDoNotCount()
    {
        Options.SoftBounces = 2;
        var (_, first) = await SendAsync(1);
        await ReceiveAsync(await first.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));
        await Database.ExecuteAsync("update bounces set at = now() - interval '31 days'");
        var (_, second) = await SendAgainAsync();

        await ReceiveAsync(await second.BounceAsync(1, "4.2.2", "452 4.2.2 Mailbox full"));

        Assert.Empty(await Suppressions());
    }
}
