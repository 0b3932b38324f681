using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>A batch under a lease, and what is to be said of it.</summary>
public abstract class LedgerTest : MailroomTest
{
    private readonly Guid _writer = Guid.NewGuid();
    private long _writes;

    private protected LedgerRecorder NewRecorder() => new(new LedgerStore(DataSource), new LedgerPostingStore(DataSource), TimeProvider.System, NullLogger<LedgerRecorder>.Instance);

    private protected LedgerWrite Saying(IReadOnlyList<LedgerEntry> outcomes, IReadOnlyList<DeliveryKey> next) => new(_writer, ++_writes, outcomes, next);

    private protected async Task PostAsync(LedgerWritten written)
    {
        await using var session = await new LedgerPostingStore(DataSource).OpenAsync(default);
        await LedgerPostingStore.PostAsync(session, _writer, written.Pages, default);
    }

    private protected async Task<ClaimedBatch> ClaimAsync(int readers)
    {
        Room.Scheduling.UseBatchesOf(readers);
        await Room.FreezeIssueAsync(readers);
        return await ClaimAsync();
    }

    private protected async Task<ClaimedBatch> ClaimAsync(NewsletterProfile newsletter)
    {
        await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter));
        return await ClaimAsync();
    }

    private protected async Task<ClaimedBatch> ClaimAsync() =>
        (await Room.Batches.ClaimAsync(Guid.NewGuid(), TimeSpan.FromMinutes(1), true, TimeSpan.FromSeconds(1), default))!;

    private protected async Task CutEveryConnectionAsync()
    {
        // Over another database: this one's own connection would be cut as well.
        await using var other = Npgsql.NpgsqlDataSource.Create((await PostgresFixture.GetAsync()).ConnectionString("postgres", 1));
        await using var command = other.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = Database.Name });
        await command.ExecuteNonQueryAsync();
        await UntilAsync(
            async () =>
            {
                try
                {
                    return await Database.ScalarAsync<int>("select 1") == 1;
                }
                catch (Npgsql.NpgsqlException)
                {
                    // A pooled connection that was cut.
                    return false;
                }
            },
            "the database answers");
    }

    private protected Task<IReadOnlyList<string>> StatusesAsync() => Database.ListAsync<string>("select status::text from deliveries order by seq");

    private protected static DeliveryKey Key(ClaimedBatch batch, int seq) => new(batch.PartKey, batch.IssueId, seq, batch.BatchNo, batch.Fence);

    private protected static LedgerEntry Outcome(ClaimedBatch batch, int seq, string status, SmtpReply? reply = null, string? queue = null, bool suppress = false) => new()
    {
        Key = Key(batch, seq),
        Status = status,
        Reply = reply ?? new SmtpReply(250, "2.0.0", "Ok"),
        QueueId = queue,
        CountedAttempts = 1,
        Failure = suppress ? new Failure(FailureKind.Hard, "userunknown") : null,
    };

    private protected static string Word(int number) => string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(digit => (char)('a' + digit - '0')));
}
