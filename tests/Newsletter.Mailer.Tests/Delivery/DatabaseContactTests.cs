using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class DatabaseContactTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private readonly ManualClock _clock = new();

    [Fact]
    public void WhoeverNeverLostTheDatabaseMayTakeOver()
    {
        var contact = new DatabaseContact(_clock);
        contact.Made();

        Assert.True(contact.MayTakeOver(Lease));
    }

    [Fact]
    public void AfterAnOutageOwnersRenewFirst()
    {
        var contact = new DatabaseContact(_clock);
        contact.Lost();
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.False(contact.MayTakeOver(Lease));

        contact.Made();

        Assert.False(contact.MayTakeOver(Lease));
        _clock.Advance(TimeSpan.FromSeconds(29));
        contact.Made();
        Assert.False(contact.MayTakeOver(Lease));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(contact.MayTakeOver(Lease));
    }

    [Fact]
    public void LostInfrastructureIsNoDefect()
    {
        Assert.True(DatabaseContact.IsLoss(new Npgsql.NpgsqlException()));
        Assert.True(DatabaseContact.IsLoss(new TimeoutException()));
        Assert.True(DatabaseContact.IsLoss(new IOException()));
        Assert.False(DatabaseContact.IsLoss(new InvalidOperationException()));
    }
}
