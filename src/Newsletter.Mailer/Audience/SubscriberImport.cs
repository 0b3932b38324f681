using System.Data.Common;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Takes in a file of subscribers of any size, in two steps so that whoever sends it needn't wait for the second: receive (check each
/// row once and stage it), then merge (set-based, in chunks). To import the same file again changes nothing; nobody who unsubscribed,
/// is suppressed, or was asked and hasn't confirmed becomes active by it.
/// </summary>
public sealed partial class SubscriberImport(
    ImportStore imports, ImportStagingStore staging, ImportMergeStore merging, ILogger<SubscriberImport> log, KeyRing? keys = null)
{
    /// <summary>
    /// Reads the file to its end into the staging table. Never throws for what is in the file. If the sender breaks off, or
    /// <paramref name="stop"/> is cancelled (then it throws), the import fails and nothing of the file is kept.
    /// </summary>
    /// <param name="importId">An import made by <see cref="ImportStore"/>.</param>
    /// <param name="csv">The file; it stays the caller's. It is read asynchronously only, once, without seeking.</param>
    /// <param name="progress">Told every thousand rows.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<ReceiveOutcome> ReceiveAsync(
        long importId, Stream csv, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        await using var session = await staging.OpenAsync(importId, stop);
        if (session is null) return new ReceiveOutcome.NotReceiving();
        try
        {
            var import = await imports.GetAsync(importId, stop);
            var refusal = await ReceiveAsync(session, csv, import?.Source ?? ImportSource.Auto, import?.Status, progress, stop);
            return refusal is null ? await CloseAsync(session, importId, stop) : await RefuseAsync(session, importId, refusal);
        }
        catch (IOException)
        {
            return await RefuseAsync(session, importId, BrokenOff);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await RefuseAsync(session, importId, BrokenOff);
            throw;
        }
        catch (Exception e) when (e is not DbException)
        {
            // A defect of ours must not leave it receiving for ever. Where the database is away nothing can be said; the sweep does it.
            await RefuseAsync(session, importId, Unread);
            throw;
        }
    }

    /// <summary>Makes subscribers of what was received. Safe to call again after a crash, and twice at once.</summary>
    /// <param name="importId">An import that was received.</param>
    /// <param name="progress">Told after chunks, by one at a time, of ever more rows.</param>
    /// <param name="stop">Stops after the chunk at hand is committed or rolled back; a later call goes on from there.</param>
    public async Task<MergeOutcome> MergeAsync(long importId, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        if (await merging.MergeAsync(importId, progress, stop) == ImportMergeStore.Result.Busy) return new MergeOutcome.Busy();
        if (await imports.GetAsync(importId, stop) is not { } import) return new MergeOutcome.NotReceived();
        LogMerged(importId, import.State, import.Created, import.Updated, import.Subscribed);
        return import.State switch
        {
            ImportState.Finished => new MergeOutcome.Finished(import),
            ImportState.Failed => new MergeOutcome.Failed(import.Reason ?? ""),
            _ => new MergeOutcome.NotReceived(),
        };
    }

    /// <summary>What the columns of a file would become; or why it is no list of readers. Reads no more than its beginning.</summary>
    public static async Task<(ImportMapping? Mapping, string? Problem)> LookAsync(Stream csv, ImportSource source, CancellationToken stop)
    {
        var (file, problem) = await ImportFile.OpenAsync(csv, source, stop);
        using (file) return (file?.Mapping, problem);
    }

    /// <summary>What a column of this name becomes: <c>email</c>, <c>name</c>, else an attribute's key; empty where none can be made of it.</summary>
    public static string KeyOf(string column) => ImportHeader.Normalise(column);

    private const string Unread = "The file could not be read to its end, through a fault of the program. Nothing of it was kept. "
                                  + "Send it again; if that fails too, report what the log says.";

    private const string BrokenOff = "The upload broke off, and nothing of it was kept. Send the file again.";

    private async Task<string?> ReceiveAsync(
        ImportStagingStore.Session session, Stream csv, ImportSource source, string? status, IProgress<ImportProgress>? progress, CancellationToken stop)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var (file, problem) = await ImportFile.OpenAsync(csv, source, reading.Token);
        if (file is null) return problem;
        using (file)
        {
            await session.NoteAsync(file.Mapping, stop);
            file.TakeAllFor(status);
            // Most lists have none, and then no row pays for a hash.
            if (keys is not null) file.LeaveOut(keys, await staging.HashesAsync(stop));
            return await StageAsync(session, file, progress, reading);
        }
    }

    // While a chunk is being written the next one is read: parsing and PostgreSQL each have a core.
    private static async Task<string?> StageAsync(
        ImportStagingStore.Session session, ImportFile file, IProgress<ImportProgress>? progress, CancellationTokenSource reading)
    {
        var stop = reading.Token;
        var chunk = await file.ReadChunkAsync(progress, stop);
        while (chunk.Refusal is null)
        {
            var next = chunk.IsLast ? null : Task.Run(() => file.ReadChunkAsync(progress, stop), CancellationToken.None);
            try
            {
                await session.WriteAsync(chunk, stop);
            }
            catch when (next is not null)
            {
                // The file must not be closed under whoever reads it. Why the write failed goes before how the reading ended.
                await reading.CancelAsync();
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }

            if (next is null)
            {
                progress?.Report(new ImportProgress(ImportState.Receiving, chunk.RowsSoFar, chunk.BytesSoFar, chunk.InvalidSoFar, null));
                return null;
            }

            chunk = await next;
        }

        return chunk.Refusal;
    }

    private async Task<ReceiveOutcome> CloseAsync(ImportStagingStore.Session session, long importId, CancellationToken stop)
    {
        if (!await session.CloseAsync(stop)) return new ReceiveOutcome.NotReceiving();
        // It is received whatever its sender does now.
        var import = (await imports.GetAsync(importId, CancellationToken.None))!;
        LogReceived(importId, import.Rows, import.Invalid, import.Bytes);
        return new ReceiveOutcome.Received(import);
    }

    private async Task<ReceiveOutcome> RefuseAsync(ImportStagingStore.Session session, long importId, string reason)
    {
        await session.FailAsync(reason, CancellationToken.None);
        LogRefused(importId);
        return new ReceiveOutcome.Refused(reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Import {ImportId} received: {Rows} rows, {Invalid} of them wrong, {Bytes} bytes")]
    private partial void LogReceived(long importId, long rows, long invalid, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Import {ImportId} refused; its row says why")]
    private partial void LogRefused(long importId);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Import {ImportId} is {State}: {Created} subscribers created, {Updated} updated, {Subscribed} subscribed")]
    private partial void LogMerged(long importId, ImportState state, long created, long updated, long subscribed);
}
