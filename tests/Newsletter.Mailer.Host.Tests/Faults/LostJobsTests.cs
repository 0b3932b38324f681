using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>F17: rows say what is left; jobs come and go.</summary>
[Collection(FaultsGroup.Name)]
[Trait("Category", "Faults")]
public sealed class LostJobsTests(FaultServer shared)
{
    internal const string Empty = """
        do $$ begin
            execute (select 'truncate ' || string_agg(format('hangfire.%I', tablename), ', ') || ' cascade'
                     from pg_tables where schemaname = 'hangfire' and tablename <> 'schema');
        end $$
        """;

    [Fact]
    public async Task WhenEveryJobIsForgottenTheIssueIsFinishedAllTheSame()
    {
        // Some are put off once, so that the end needs a sweep.
        await using var field = await FaultField.OpenAsync(shared.Server, FaultScript.None
            .At(FaultPoint.Rcpt).ToShareOfRecipients(0.1).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Later")
            .At(FaultPoint.EndOfData).Delay(TimeSpan.FromMilliseconds(40)));
        var issue = await field.FreezeAsync(FaultForm.Pick(600, 10_000));
        field.StartWorker();
        await field.ArrivedAsync(150);

        await field.Room.Database.ExecuteAsync(Empty);

        await field.FinishedAsync(issue);
        var line = await new Promise("F17").CheckAsync(field.Room, issue);
        Assert.Equal((0L, 0L), (line.Copies, line.Unknown));
    }
}
