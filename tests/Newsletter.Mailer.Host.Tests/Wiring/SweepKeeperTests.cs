using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Wiring;

[Trait("Category", "Faults")]
public sealed class SweepKeeperTests
{
    [Fact]
    public async Task ALockThatAKilledWorkerLeftBehindKeepsNobodyFromStarting()
    {
        await using var database = await TestDatabase.CreateAsync();
        var settings = new Dictionary<string, string?> { ["ConnectionStrings:Newsletter"] = database.ConnectionString };
        await using (await ServerUnderTest.StartAsync(withWorkers: true, settings))
        {
            // Makes Hangfire's tables.
        }

        await database.ExecuteAsync("insert into hangfire.lock (resource, acquired) values ('hangfire:lock:recurring-job:sweep', now() at time zone 'utc')");

        await using var next = await ServerUnderTest.StartAsync(withWorkers: true, settings);

        Assert.NotNull(next.Client);
    }
}
