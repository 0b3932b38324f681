using System.Net;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Whoever says that a sign-up wasn't theirs stays out, wherever they come from, and goes on reading what they do read.</summary>
public sealed class DisownedTests : ForgettingTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoeverSaysByAnyLinkThatItWasntThemHasLeft(bool byTheConfirmed)
    {
        var first = await SignUpAsync();
        await Confirmations.DecideAsync(first, default);
        await Database.ExecuteAsync("update sign_ups set mailed_at = mailed_at - interval '25 hours', created_at = created_at - interval '25 hours'");
        var second = await SignUpAsync();
        await Confirmations.DecideAsync(second, default);
        await Confirmations.ConfirmAsync(second, IPAddress.Loopback, default);
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions"));

        Assert.True(await Confirmations.DisownAsync(byTheConfirmed ? second : first, default));

        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task AReaderWhoIsKnownByHashAndLeftElsewhereHasLeft()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions"));

        Assert.Equal(1L, (await ImportHashedAsync("email,status\nana@example.com,unsubscribed\n")).Suppressed);

        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task WhoDisownedASignUpStaysOutUntilAPersonLiftsIt()
    {
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);

        Assert.Equal(1L, (await ImportHashedAsync("email\nana@example.com\n")).Suppressed);
        Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
        var disowned = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal("not_me", disowned.Reason);
        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashed.RemoveAsync(disowned.Id, "Asked us by phone.", 7, default));
        Assert.True((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
    }

    [Fact]
    public async Task AReaderOfSomethingElseWhoDisownedASignUpGoesOnReadingIt()
    {
        await AddNewsletterAsync("coffee");
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = "coffee" }, default);
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);

        Assert.Equal(0, await Lists.ApplyHashesAsync(default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions where address is not null"));
        Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Name = "Ana B" }, default));
        Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
    }
}
