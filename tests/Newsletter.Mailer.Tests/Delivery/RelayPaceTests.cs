using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>What a worker does with what it was lent; the clock is the test's.</summary>
public sealed class RelayPaceTests
{
    private readonly ManualClock _clock = new();
    private int _asked;

    [Fact]
    public void ARelayWithoutLimitsAsksForNothing()
    {
        var pace = Pace(relay => relay);

        Assert.False(pace.IsLimited);
        Assert.True(Enumerable.Range(0, 1000).All(_ => pace.TryTake("other")));
        Assert.Empty(Questions(pace));
        Assert.Null(pace.AskDay());
        Assert.Equal(0, _asked);
    }

    [Fact]
    public void NothingIsSentBeforeSomethingIsLent()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 10 });

        Assert.False(pace.TryTake("other"));

        Assert.Equal(new PaceQuestion(1, "", 10, Wants: true, 0, false), Assert.Single(Questions(pace)));
        Assert.True(_asked > 0);
    }

    [Fact]
    public void TokensAreSpreadOverTheirSecond()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 10 });
        Grant(pace, 10, 10);

        Assert.Equal(2, Take(pace));
        Advance(0.1);
        Assert.Equal(1, Take(pace));
        Advance(0.5);
        Assert.Equal(2, Take(pace));
    }

    [Fact]
    public void TokensThatWereNotUsedAreWorthlessAfterTwoSeconds()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 10 });
        Grant(pace, 10, 10);

        Advance(2);

        Assert.Equal(0, Take(pace));
        Grant(pace, 1, 10);
        Assert.Equal(1, Take(pace));
        Advance(0.5);
        Assert.Equal(0, Take(pace));
    }

    [Fact]
    public void ATokenOfASlowPaceLivesUntilItsTurnHasCome()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 0.2 });
        Grant(pace, 1, 0.1);
        Assert.Equal(1, Take(pace));
        Advance(5);
        Grant(pace, 1, 0.1);

        Advance(4.95);

        Assert.Equal(1, Take(pace));
    }

    [Fact]
    public void AComplaintSlowsARelayWithoutGroupsAsAWhole()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 10 });
        Grant(pace, 10, 10);

        pace.Throttled("google");

        Assert.True(Assert.Single(Questions(pace)).Throttled);
    }

    [Fact]
    public void MoreIsAskedForBeforeTheLastIsGone()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 1000 });
        Grant(pace, 4, 1000);
        Assert.True(pace.TryTake("other"));
        Assert.DoesNotContain(Questions(pace), question => question.Wants);

        Assert.True(pace.TryTake("other"));

        Advance(0.2);
        Assert.True(Assert.Single(Questions(pace)).Wants);
    }

    [Fact]
    public void AGroupThatIsSlowHoldsUpNoOther()
    {
        var pace = Pace(relay => relay with { Groups = true });
        Answer(pace, "google", 1, 0.5);
        Answer(pace, "other", 0, null);

        Assert.True(pace.TryTake("google"));
        Assert.False(pace.MaySend("google"));
        Assert.True(Enumerable.Range(0, 50).All(_ => pace.TryTake("other")));
    }

    [Fact]
    public void AComplaintIsPassedOnOnceWithWhatWasSent()
    {
        var pace = Pace(relay => relay with { Groups = true });
        Answer(pace, "google", 0, null);
        pace.TryTake("google");
        pace.Throttled("google");

        var question = Assert.Single(Questions(pace));
        Assert.Equal(("google", 1, true), (question.Group, question.Sent, question.Throttled));
        pace.Answer(question, new PaceAnswer(1, "google", 0, 5, TimeSpan.FromSeconds(1)));

        Advance(2);
        Assert.Empty(Questions(pace));
        Assert.False(pace.TryTake("google"));
    }

    [Fact]
    public void WhatWasNotUsedIsPutBack()
    {
        var pace = Pace(relay => relay with { MessagesPerSecond = 1000, MessagesPerDay = 10 });
        Grant(pace, 1, 1000);
        pace.Answer(new DayAnswer(1, Today, 1, false, TimeSpan.FromHours(9)));
        Assert.True(pace.TryTake("other"));
        Assert.False(pace.MaySend("other"));

        pace.PutBack("other");

        Assert.True(pace.TryTake("other"));
    }

    [Fact]
    public void ADayThatIsUsedUpSaysUntilWhenAndIsLookedAtAgain()
    {
        var pace = Pace(relay => relay with { MessagesPerDay = 100 });
        Assert.False(pace.TryTake("other"));
        var question = pace.AskDay();
        Assert.Equal(new DayQuestion(1, Today, 100, 5), question);
        pace.Answer(new DayAnswer(1, Today, 0, IsOver: true, TimeSpan.FromHours(9)));

        Assert.Equal(_clock.GetUtcNow().AddHours(9), pace.UsedUpUntil);
        Assert.Null(pace.AskDay());
        Advance(5);
        Assert.NotNull(pace.AskDay());
        pace.Answer(new DayAnswer(1, Today.AddDays(1), 5, IsOver: false, TimeSpan.FromHours(24)));

        Assert.Null(pace.UsedUpUntil);
        Assert.True(pace.TryTake("other"));
    }

    [Fact]
    public void WhatIsLeftOfADayIsGivenBackOnceItIsIdle()
    {
        var pace = Pace(relay => relay with { MessagesPerDay = 100 });
        pace.TryTake("other");
        pace.Answer(new DayAnswer(1, Today, 5, false, TimeSpan.FromHours(9)));
        pace.TryTake("other");
        Assert.Null(pace.TakeUnused(all: false));

        Advance(3);

        Assert.Equal((Today, 4), pace.TakeUnused(all: false));
        Assert.Null(pace.TakeUnused(all: true));
        Assert.False(pace.TryTake("other"));
    }

    [Fact]
    public void AMessageThatTheRelayNeverHadIsNotCharged()
    {
        var pace = Pace(relay => relay with { MessagesPerDay = 1 });
        pace.Answer(new DayAnswer(1, Today, 1, false, TimeSpan.FromHours(9)));
        Assert.True(pace.TryTake("other"));

        pace.NotTaken();

        Assert.True(pace.TryTake("other"));
        Assert.False(pace.TryTake("other"));
    }

    [Fact]
    public void AWarmUpThatHasEndedLimitsNothingMore()
    {
        var pace = Pace(relay => relay with { WarmUp = new WarmUp(Today.AddDays(-40), 50, 2, null, 30) });
        pace.TryTake("other");
        pace.Answer(new DayAnswer(1, Today, 0, IsOver: false, TimeSpan.FromHours(9)));

        Assert.True(Enumerable.Range(0, 1000).All(_ => pace.TryTake("other")));
        Assert.False(pace.ChargesDays);
    }

    [Fact]
    public void TakingWhatAMessageCostsAllocatesNothing()
    {
        var free = Pace(relay => relay);
        var limited = Pace(relay => relay with { MessagesPerSecond = 1e5, MessagesPerDay = 1_000_000, Groups = true });
        Grant(limited, 100_000, 1e5);
        Answer(limited, "google", 0, null);
        limited.Answer(new DayAnswer(1, Today, 100_000, false, TimeSpan.FromHours(9)));
        Spend(100);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Spend(5_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Spend(int messages)
        {
            for (var i = 0; i < messages; i++)
                Assert.True(free.TryTake("google") & limited.TryTake("google"));
        }
    }

    private DateOnly Today => DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime);

    private RelayPace Pace(Func<Relay, Relay> with) =>
        new(with(new Relay { Id = 1, Name = "relay", Host = "relay.example.com", Port = 25 }), _clock, () => _asked++);

    private void Advance(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));

    private static List<PaceQuestion> Questions(RelayPace pace)
    {
        var questions = new List<PaceQuestion>();
        pace.CollectQuestions(questions);
        return questions;
    }

    private static int Take(RelayPace pace)
    {
        var taken = 0;
        while (pace.TryTake("other"))
            taken++;
        return taken;
    }

    private static void Grant(RelayPace pace, int tokens, double perSecond) => Answer(pace, "", tokens, perSecond);

    private static void Answer(RelayPace pace, string group, int tokens, double? perSecond) =>
        pace.Answer(new PaceQuestion(1, group, null, true, 0, false), new PaceAnswer(1, group, tokens, perSecond, TimeSpan.FromSeconds(0.2)));
}
