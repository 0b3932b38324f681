using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Two at once, broken off, crashed, begun again.</summary>
public sealed class ImportFlowTests : ImportTest
{
    [Fact]
    public async Task TwoImportsOfTheSameFileAtOnceMakeEachSubscriberOnce()
    {
        var csv = File(30_000);

        var imports = await Task.WhenAll(ImportAtOnceAsync(csv), ImportAtOnceAsync(csv), ImportAtOnceAsync(csv));

        Assert.All(imports, AssertBalanced);
        Assert.Equal(30_000, imports.Sum(import => import.Created));
        Assert.Equal(30_000, imports.Sum(import => import.Subscribed));
        Assert.Equal(0, imports.Sum(import => import.Updated));
        Assert.Equal(30_000L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
        Assert.Equal(30_000L, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'"));
    }

    [Fact]
    public async Task TwoImportsForTwoNewslettersSubscribeEveryoneToBoth()
    {
        await AddNewsletterAsync("coffee");
        var csv = File(20_000);

        await Task.WhenAll(ImportAtOnceAsync(csv), ImportAtOnceAsync(csv, "coffee"));

        Assert.Equal(20_000L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
        Assert.Equal(40_000L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task WhoLeavesWhileAnImportRunsStaysAway()
    {
        const int Readers = 20_000;
        await ImportAsync(File(Readers));
        var newsletterId = await Database.ScalarAsync<long>("select id from newsletters");
        var ids = new List<long>();
        for (var i = 0; i < Readers; i += 400) ids.Add((await ReadAsync($"reader{i}@example.com")).Id);

        var leaving = Task.Run(async () =>
        {
            foreach (var id in ids) Assert.True(await Subscriptions.UnsubscribeAsync(newsletterId, id, "page", null, default));
        });
        var import = await ImportAtOnceAsync(File(Readers, city: "Oslo"));
        await leaving;

        AssertBalanced(import);
        Assert.Equal(0, import.Subscribed);
        Assert.Equal((long)ids.Count, await Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'unsubscribed'"));
    }

    [Fact]
    public async Task WhoIsErasedWhileAnImportRunsLeavesNoHalfRows()
    {
        await ImportAsync(File(20_000));
        var erasing = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
            {
                var id = await Database.ScalarAsync<long>("select id from subscribers where id > $1 order by id limit 1", i * 61L);
                await new ErasureStore(DataSource, Newsletter.Mailer.Links.KeyRing.Generate()).EraseAsync(id, default);
            }
        });

        var imports = await Task.WhenAll(ImportAtOnceAsync(File(20_000)), ImportAtOnceAsync(File(20_000, city: "Oslo")));
        await erasing;

        Assert.All(imports, AssertBalanced);
        Assert.Equal(0L, await Database.ScalarAsync<long>(
            "select count(*) from subscriptions x left join subscribers s on s.id = x.subscriber_id where s.id is null"));
    }

    [Fact]
    public async Task WhoIsErasedJustBeforeTheMergeCountsItsRowsDoesNotPassForACrash()
    {
        var id = await ReceiveAsync(File(30));
        await using var erasing = await DataSource.OpenConnectionAsync();
        await using var erasure = await erasing.BeginTransactionAsync();
        await ExecuteAsync("lock table import_rows in access exclusive mode");
        var merging = Importer.MergeAsync(id, null, default);
        while (await Database.ScalarAsync<long>("select count(*) from pg_locks where relation = 'import_rows'::regclass and not granted") == 0)
            await Task.Delay(20);

        await ExecuteAsync("delete from import_rows where key = 'reader7@example.com'");
        await ExecuteAsync("update imports set merged = merged + 1, suppressed = suppressed + 1");
        await erasure.CommitAsync();

        var import = Assert.IsType<MergeOutcome.Finished>(await merging).Import;
        Assert.Equal((29, 30, 1), (import.Created, import.Merged, import.Suppressed));

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, erasing, erasure);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task ANewsletterThatStatisticsDoNotKnowYetIsMergedInTimeAgain()
    {
        await AddNewsletterAsync("old");
        await Database.ExecuteAsync("insert into subscribers (address) select 'old' || n || '@example.com' from generate_series(1, 120000) n");
        await Database.ExecuteAsync("insert into subscriptions (newsletter_id, subscriber_id, status) select (select id from newsletters where slug = 'old'), id, 'active' from subscribers");
        await Database.ExecuteAsync("analyze");

        // Generous for a busy machine: a join the planner guesses takes minutes, for it reads the newsletter's rows anew for each row of a chunk.
        await ImportAsync(File(40_000)).WaitAsync(TimeSpan.FromSeconds(60));
        var again = await ImportAsync(File(40_000)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(40_000, again.AlreadySubscribed);
    }

    [Fact]
    public async Task TwoMergesOfOneImportAreOne()
    {
        var id = await ReceiveAsync(File(20_000));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Importer.MergeAsync(id, null, default)));

        Assert.Contains(outcomes, outcome => outcome is MergeOutcome.Finished);
        Assert.All(outcomes, outcome => Assert.True(outcome is MergeOutcome.Finished or MergeOutcome.Busy));
        var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((20_000, 20_000), (import.Created, import.Merged));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AMergeThatIsStoppedGoesOnWhereItWas(int connections)
    {
        var id = await ReceiveAsync(File(35_000));
        using var stop = new CancellationTokenSource();
        await using var merging = Connections(connections);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Over(merging).MergeAsync(id, new Callback(_ => stop.Cancel()), stop.Token));

        // A chunk over each connection was at hand, and may have been committed too.
        var half = (await Imports.GetAsync(id, default))!;
        Assert.Equal(ImportState.Merging, half.State);
        Assert.InRange(half.Created, 10_000, connections * 10_000);
        Assert.Equal([id], await Imports.FindUnfinishedAsync(default));

        var whole = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        AssertBalanced(whole);
        Assert.Equal((35_000, 35_000), (whole.Created, whole.Subscribed));
        Assert.Empty(await Imports.FindUnfinishedAsync(default));
    }

    [Fact]
    public async Task AServerWithOneFreeSlotIsEnough()
    {
        var id = await ReceiveAsync(File(25_000));
        await using var narrow = Connections(1);

        var import = Assert.IsType<MergeOutcome.Finished>(await Over(narrow).MergeAsync(id, null, default)).Import;

        AssertBalanced(import);
        Assert.Equal(25_000, import.Created);
    }

    [Fact]
    public async Task RowsLostInACrashOfTheServerFailTheImportInWords()
    {
        var id = await ReceiveAsync(File(3));
        // What a crash does to an unlogged table.
        await Database.ExecuteAsync("truncate import_rows");

        var failed = Assert.IsType<MergeOutcome.Failed>(await Importer.MergeAsync(id, null, default));

        Assert.StartsWith("The database server crashed before everything was merged", failed.Reason);
        Assert.Equal(ImportState.Failed, (await Imports.GetAsync(id, default))!.State);
    }

    [Fact]
    public async Task AMergeThatNeverGetsAnywhereFailsInTheEnd()
    {
        var id = await ReceiveAsync(File(3));
        await Database.ExecuteAsync("update imports set attempts = 10");

        var failed = Assert.IsType<MergeOutcome.Failed>(await Importer.MergeAsync(id, null, default));

        Assert.StartsWith("The merge stopped 10 times without getting anywhere", failed.Reason);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
    }

    [Fact]
    public async Task AnUploadThatBreaksOffLeavesAFailedImportAndNoRows()
    {
        var id = await BeginAsync();
        var outcome = await Importer.ReceiveAsync(id, new BrokenStream(File(20_000), after: 400_000), null, default);

        var reason = Assert.IsType<ReceiveOutcome.Refused>(outcome).Reason;
        Assert.Equal("The upload broke off, and nothing of it was kept. Send the file again.", reason);
        Assert.Equal(ImportState.Failed, (await Imports.GetAsync(id, default))!.State);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
    }

    [Fact]
    public async Task AFileThatADefectEndsLeavesAFailedImportThatSaysWhatToDo()
    {
        var id = await BeginAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Importer.ReceiveAsync(id, new BrokenStream(File(20_000), after: 400_000, with: new InvalidOperationException("A defect.")), null, default));

        var import = (await Imports.GetAsync(id, default))!;
        Assert.Equal(ImportState.Failed, import.State);
        Assert.Contains("Send it again", import.Reason, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
    }

    [Fact]
    public async Task WhatWasReceivedWholeStaysWhateverItsSenderDoesThen()
    {
        var id = await BeginAsync();
        await using (var session = (await new ImportStagingStore(DataSource).OpenAsync(id, default))!)
        {
            var chunk = new ImportChunk { RowsSoFar = 1, BytesSoFar = 24 };
            Assert.True(EmailAddress.TryParse("ana@example.com", out var ana));
            chunk.Rows.Add(new ImportRow(1, 2, ana, "Ana", "{}"u8.ToArray()));
            Assert.True(await session.WriteAsync(chunk, default));
            Assert.True(await session.CloseAsync(default));

            Assert.False(await session.FailAsync("It broke off.", default));
        }

        Assert.Equal(1, Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import.Created);
    }

    [Fact]
    public async Task ACancelledUploadLeavesAFailedImport()
    {
        var id = await BeginAsync();
        using var stop = new CancellationTokenSource();
        var progress = new Callback(_ => stop.Cancel());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Importer.ReceiveAsync(id, new MemoryStream(File(20_000)), progress, stop.Token));

        Assert.Equal(ImportState.Failed, (await Imports.GetAsync(id, default))!.State);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
    }

    [Fact]
    public async Task AnAbandonedUploadIsFailedByTheSweepAndOneInProgressIsNot()
    {
        var abandoned = await BeginAsync();
        var fresh = await BeginAsync();
        var busy = await BeginAsync();
        await Database.ExecuteAsync("update imports set created_at = now() - interval '1 hour' where id <> $1", fresh);
        await Database.ExecuteAsync(
            "insert into import_rows (import_id, row_no, line, address, domain, attributes) values ($1, 1, 2, 'a@example.com', 'example.com', '{}')", abandoned);

        await using var session = await new ImportStagingStore(DataSource).OpenAsync(busy, default);
        Assert.NotNull(session);
        Assert.Equal([abandoned], await Imports.FailAbandonedAsync(default));

        Assert.Equal(ImportState.Failed, (await Imports.GetAsync(abandoned, default))!.State);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from import_rows"));
        Assert.IsType<ReceiveOutcome.NotReceiving>(await Importer.ReceiveAsync(abandoned, new MemoryStream(File(1)), null, default));
    }

    [Fact]
    public async Task AnImportTakesOneFile()
    {
        var id = await ReceiveAsync(File(3));

        Assert.IsType<ReceiveOutcome.NotReceiving>(await Importer.ReceiveAsync(id, new MemoryStream(File(3)), null, default));
        Assert.IsType<ReceiveOutcome.NotReceiving>(await Importer.ReceiveAsync(id + 1, new MemoryStream(File(3)), null, default));
    }

    [Fact]
    public async Task OneFileIsReceivedOnceEvenIfSentTwiceAtOnce()
    {
        var id = await BeginAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => Task.Run(() => Importer.ReceiveAsync(id, new MemoryStream(File(5_000)), null, default))));

        Assert.Single(outcomes, outcome => outcome is ReceiveOutcome.Received);
        Assert.Equal(5_000, Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import.Created);
    }

    [Fact]
    public async Task WhatIsNotReceivedIsNotMerged()
    {
        var id = await BeginAsync();
        Assert.IsType<MergeOutcome.NotReceived>(await Importer.MergeAsync(id, null, default));
        Assert.IsType<MergeOutcome.NotReceived>(await Importer.MergeAsync(id + 1, null, default));
    }

    [Fact]
    public async Task ProgressGrowsToTheEnd()
    {
        var seen = new List<ImportProgress>();
        var id = await BeginAsync();
        var csv = File(25_000);
        await Importer.ReceiveAsync(id, new MemoryStream(csv), new Callback(seen.Add), default);
        Assert.Equal(new ImportProgress(ImportState.Receiving, 25_000, csv.Length, 0, null), seen[^1]);
        Assert.True(seen.Count >= 25);

        seen.Clear();
        // Over one connection: of two chunks at a time the second may be told with the first.
        await using var narrow = Connections(1);
        await Over(narrow).MergeAsync(id, new Callback(seen.Add), default);
        Assert.Equal([10_000, 20_000, 25_000], seen.Select(progress => progress.Rows));
        Assert.Equal(25_000, seen[^1].Total);
    }

    [Fact]
    public async Task WhoeverIsToldTheProgressOfAMergeIsToldByOneAtATime()
    {
        var (inside, most) = (0, 0);
        var seen = new List<long>();
        var id = await ReceiveAsync(File(45_000));

        await Importer.MergeAsync(id, new Callback(progress =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            // Long enough for the other lane to finish its chunk too.
            if (seen.Count == 0) SpinWait.SpinUntil(() => Volatile.Read(ref inside) > 1, TimeSpan.FromSeconds(4));
            seen.Add(progress.Rows);
            Interlocked.Decrement(ref inside);
        }), default);

        Assert.Equal(1, most);
        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.Equal(45_000, seen[^1]);
    }

    [Fact]
    public async Task TheListOfProblemsEndsAtItsLimitAndTheirCountDoesNot()
    {
        var csv = new StringBuilder("email\n").Insert(6, "nobody\n", ImportStore.MaxProblems + 10).Append("ana@example.com\n");

        var import = await ImportAsync(csv.ToString());

        Assert.Equal((ImportStore.MaxProblems + 10, 1), (import.Invalid, import.Created));
        Assert.Equal((long)ImportStore.MaxProblems, await Database.ScalarAsync<long>("select count(*) from import_problems"));
        var page = await Imports.ProblemsAsync(import.Id, new PageRequest(Cursor.Start, 2), default);
        Assert.Equal([2L, 3L], page.Items.Select(problem => problem.Line));
        Assert.True(Cursor.TryParse(page.Next, out var next));
        Assert.Equal(4, (await Imports.ProblemsAsync(import.Id, new PageRequest(next, 1), default)).Items[0].Line);
    }

    private async Task<long> ReceiveAsync(byte[] csv)
    {
        var id = await BeginAsync();
        Assert.IsType<ReceiveOutcome.Received>(await Importer.ReceiveAsync(id, new MemoryStream(csv), null, default));
        return id;
    }

    private async Task<Import> ImportAtOnceAsync(byte[] csv, string newsletter = Tea)
    {
        var id = await BeginAsync(newsletter);
        Assert.IsType<ReceiveOutcome.Received>(await Importer.ReceiveAsync(id, new MemoryStream(csv), null, default));
        return Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
    }

    private static byte[] File(int readers, string city = "Paris")
    {
        var csv = new StringBuilder("email,name,city\n");
        for (var i = 0; i < readers; i++) csv.Append(CultureInfo.InvariantCulture, $"reader{i}@example.com,Reader {i},{city}\n");
        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    private sealed class Callback(Action<ImportProgress> act) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => act(value);
    }

    private NpgsqlDataSource Connections(int most) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Database.ConnectionString) { MaxPoolSize = most, Timeout = 1 });

    private SubscriberImport Over(NpgsqlDataSource merging) =>
        new(Imports, new ImportStagingStore(DataSource), new ImportMergeStore(merging), NullLogger<SubscriberImport>.Instance);

    private sealed class BrokenStream(byte[] bytes, int after, Exception? with = null) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > after ? throw with ?? new IOException("The connection was reset.") : base.ReadAsync(buffer, cancellationToken);
    }
}
