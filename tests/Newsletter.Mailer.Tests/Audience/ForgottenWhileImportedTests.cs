using System.Text;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Who is forgotten while an import is on its way is left out of it, and the rest is made.</summary>
public sealed class ForgottenWhileImportedTests : ForgettingTest
{
    [Fact]
    public async Task WhoIsErasedWhileTheirRowWaitsIsLeftOutAndTheRestOfTheImportIsMade()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        await Importer.ReceiveAsync(id, new MemoryStream("email\nana@example.com\nbo@example.com\nANA@example.com\n"u8.ToArray()), null, default);

        await new ErasureStore(DataSource, Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);

        var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((3L, 1L, 2L), (import.Rows, import.Created, import.Suppressed));
        AssertBalanced(import);
        Assert.Equal("bo@example.com", await Database.ScalarAsync<string>("select string_agg(address, ' ') from subscribers"));
    }

    [Fact]
    public async Task WhoIsErasedWhileTheFileIsStillOnItsWayDoesNotComeBackWithItsRest()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        var (importer, file) = (HashingImporter, new System.IO.Pipelines.Pipe());
        var receiving = importer.ReceiveAsync(id, file.Reader.AsStream(), null, default);
        // A chunk's worth is staged, her row among it, before she asks to be forgotten; the rest comes after.
        var first = string.Concat(Enumerable.Range(0, 30_000).Select(n => $"reader{n}@example.com\n"));
        await file.Writer.WriteAsync(Encoding.UTF8.GetBytes($"email\nana@example.com\n{first}"));
        await UntilAsync("select count(*) from import_rows where key = 'ana@example.com'");

        await new ErasureStore(DataSource, Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);
        await file.Writer.WriteAsync("ANA@example.com\nbo@example.com\n"u8.ToArray());
        await file.Writer.CompleteAsync();
        Assert.IsType<ReceiveOutcome.Received>(await receiving);

        var import = Assert.IsType<MergeOutcome.Finished>(await importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((30_003L, 30_001L, 2L), (import.Rows, import.Created, import.Suppressed));
        AssertBalanced(import);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from subscribers where address ilike 'ana@%') + (select count(*) from import_rows)"));
    }

    [Fact]
    public async Task AnErasureThatHasBegunBeforeTheMergeIsWaitedFor()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        // Its last statement waits for us: it has looked for rows, and nobody sees its hash yet.
        await using var holder = await DataSource.OpenConnectionAsync();
        await using var holding = await holder.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("select id from subscribers for update", holder))
            await hold.ExecuteScalarAsync();
        var erasing = new ErasureStore(DataSource, Keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);
        await UntilAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        Assert.IsType<ReceiveOutcome.Received>(await HashingImporter.ReceiveAsync(id, new MemoryStream("email\nana@example.com\nbo@example.com\n"u8.ToArray()), null, default));

        var merging = HashingImporter.MergeAsync(id, null, default);
        await UntilAsync("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())");
        await holding.CommitAsync();

        await erasing;
        Assert.Equal((1L, 1L), Assert.IsType<MergeOutcome.Finished>(await merging).Import is { } import ? (import.Created, import.Suppressed) : default);
        Assert.Equal("bo@example.com", await Database.ScalarAsync<string>("select string_agg(address, ' ') from subscribers"));
    }
}
