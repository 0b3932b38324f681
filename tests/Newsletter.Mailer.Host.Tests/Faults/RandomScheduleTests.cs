using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>The property: whatever goes wrong in whatever order, the promise holds. A failure names its seed; NEWSLETTER_FAULTS_SEED plays it again.</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Faults")]
public sealed class RandomScheduleTests(FaultServer shared)
{
    [Fact]
    public async Task WhateverGoesWrongInWhateverOrderThePromiseHolds()
    {
        for (var schedule = 0; schedule < FaultForm.Pick(1, 10); schedule++)
            await PlayAsync(FaultForm.Seed + schedule);
    }

    private async Task PlayAsync(int seed)
    {
        var readers = FaultForm.Pick(400, 2_000);
        await using var field = await FaultField.OpenAsync(shared.Server, FaultScript.None.At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(30)));
        field.Set("Delivery__Relays__0__CommandTimeoutSeconds", "5");
        field.Set("Delivery__Relays__0__FinalReplyTimeoutSeconds", "15");
        var issue = await field.FreezeAsync(readers);
        var schedule = new FaultSchedule(seed, field, readers);
        try
        {
            await schedule.PlayAsync(issue, FaultForm.Pick(5, 12));
            await field.FinishedAsync(issue);
            await (field.Promise("random") with { LostReplies = schedule.LostReplies }).CheckAsync(field.Room, issue);
            Assert.Empty(schedule.MailedTooLate());
        }
        catch (Exception e)
        {
            throw new PromiseBrokenException($"NEWSLETTER_FAULTS_SEED={seed}: {schedule.Played}. {e.Message}", e);
        }
    }
}
