using System.Data.Common;
using System.Security.Cryptography;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>
/// Reads one mailbox for as long as this process has its lease: a message is moved or deleted only after what it came to is committed, so that
/// nothing is lost however it ends; and what is seen again is known by its hash, so that nothing counts twice.
/// </summary>
public sealed partial class MailboxReader(
    MailboxOptions options, MailboxStore mailboxes, FeedbackStore feedback, KeyRing keys, ReturnPaths? paths, TimeProvider clock, ILogger<MailboxReader> log)
{
    private const int LeaseSeconds = 30;
    private const int ChunkMessages = 50;
    private const long ChunkBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(2);

    private readonly Guid _owner = Guid.NewGuid();
    private readonly HashSet<string> _unclear = new(StringComparer.Ordinal);
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);
    private TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Reads until it is told to stop; whatever goes wrong is said through the mailbox's state and tried again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = await TryReadAsync(stop);
            await Task.Delay(wait, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> TryReadAsync(CancellationToken stop)
    {
        try
        {
            if (!await mailboxes.LeaseAsync(options.Name, _owner, LeaseSeconds, stop))
                return s_renewal;
            await ReadLeasedAsync(stop);
            return TimeSpan.Zero;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return await ComplainAsync(e, stop);
        }
    }

    private async Task ReadLeasedAsync(CancellationToken stop)
    {
        using var leased = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var keeping = KeepLeaseAsync(leased);
        try
        {
            await using var session = await MailboxLogIn.OpenAsync(options, leased.Token);
            _unclear.UnionWith(await mailboxes.UnclearUidsAsync(options.Name, leased.Token));
            while (true)
            {
                await ReadAllAsync(session, leased.Token);
                _pause = TimeSpan.FromSeconds(1);
                await session.WaitAsync(leased.Token);
            }
        }
        catch (OperationCanceledException) when (leased.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            LogLostLease(options.Name);
        }
        finally
        {
            await leased.CancelAsync();
            await keeping;
            await ReleaseAsync();
        }
    }

    /// <summary>Reads what there is.</summary>
    internal async Task ReadAllAsync(IMailboxSession session, CancellationToken stop)
    {
        while (true)
        {
            var waiting = (await session.ListAsync(stop)).Where(item => !_unclear.Contains(item.Uid)).ToList();
            await mailboxes.NoteLookAsync(options.Name, _owner, waiting.Count, session.WaitsBy, stop);
            if (waiting.Count == 0)
                return;
            var read = 0;
            while (read < waiting.Count)
                read += await ReadChunkAsync(session, waiting[read..Math.Min(read + ChunkMessages, waiting.Count)], stop);
            // POP3 shows what is deleted until it has said goodbye. What a server lists and has not must not be asked for without end.
            if (session is PopSession || waiting.TrueForAll(item => _gone.Contains(item.Uid)))
                break;
        }

        await mailboxes.NoteLookAsync(options.Name, _owner, 0, session.WaitsBy, stop);
    }

    /// <summary>Reads some, no more at once than memory is for.</summary>
    /// <returns>How many of them.</returns>
    private async Task<int> ReadChunkAsync(IMailboxSession session, List<MailboxItem> chunk, CancellationToken stop)
    {
        var (mails, looked, bytes) = (new List<(MailboxItem Item, TakenMail Mail)>(), 0, 0L);
        for (; looked < chunk.Count && bytes < ChunkBytes; looked++)
        {
            if (await FetchAsync(session, chunk[looked], stop) is { } message)
            {
                mails.Add((chunk[looked], Read(message)));
                bytes += message.Bytes.Length;
            }
            else
            {
                _gone.Add(chunk[looked].Uid);
            }
        }

        var distinct = mails.DistinctBy(mail => Convert.ToHexString(mail.Mail.Sha256)).ToList();
        var outcomes = await CommitAsync(distinct.ConvertAll(mail => mail.Mail), stop);
        var outcomeOf = distinct.Zip(outcomes).ToDictionary(pair => Convert.ToHexString(pair.First.Mail.Sha256), pair => pair.Second, StringComparer.Ordinal);
        var unclear = mails.Where(mail => outcomeOf[Convert.ToHexString(mail.Mail.Sha256)] == "unclear").Select(mail => mail.Item).ToList();
        _unclear.UnionWith(unclear.Select(item => item.Uid));
        await session.PutAwayAsync([.. mails.Select(mail => mail.Item).Except(unclear)], stop);
        await session.SetAsideAsync(unclear, stop);
        LogRead(options.Name, mails.Count, unclear.Count);
        return looked;
    }

    // One that the server can't hand over, a damaged one for instance, must not keep those behind it: it stays where it is, and is asked for again in the next session.
    private async Task<MailboxMessage?> FetchAsync(IMailboxSession session, MailboxItem item, CancellationToken stop)
    {
        try
        {
            return await session.FetchAsync(item, stop);
        }
        catch (Exception e) when (e is ImapCommandException { Response: ImapCommandResponse.No } or Pop3CommandException or NotSupportedException)
        {
            LogNotHanded(e, options.Name, item.Uid);
            return null;
        }
    }

    private TakenMail Read(MailboxMessage message)
    {
        MailNews news;
        try
        {
            news = ReturnedMail.Read(message.Bytes, keys, paths);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One mail that our own reading breaks on must not keep all that come after it: it is listed for a person, and logged for us.
            LogUnreadable(e, options.Name);
            news = new MailNews("unclear", []) { Why = $"It can't be read ({e.GetType().Name}); the log says more." };
        }

        return new TakenMail(SHA256.HashData(message.Bytes), message.Item.Uid, message.Length, news);
    }

    // A value the database won't take must not keep the others back: the one mail is listed as unclear.
    private async Task<string[]> CommitAsync(List<TakenMail> mails, CancellationToken stop)
    {
        try
        {
            return await feedback.TakeMailAsync(options.Name, mails, stop);
        }
        catch (DbException e) when (HeldWrites.IsRefusedValue(e))
        {
            if (mails.Count > 1)
                return [.. await CommitAsync(mails[..(mails.Count / 2)], stop), .. await CommitAsync(mails[(mails.Count / 2)..], stop)];
            LogUnreadable(e, options.Name);
            var plain = mails[0] with { News = new MailNews("unclear", []) { Why = "What it says can't be stored; the log says more." } };
            return await feedback.TakeMailAsync(options.Name, [plain], stop);
        }
    }

    private async Task KeepLeaseAsync(CancellationTokenSource leased)
    {
        var until = clock.GetTimestamp();
        while (!leased.IsCancellationRequested)
        {
            await Task.Delay(s_renewal, clock, leased.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (leased.IsCancellationRequested)
                return;
            try
            {
                if (await mailboxes.LeaseAsync(options.Name, _owner, LeaseSeconds, leased.Token))
                    until = clock.GetTimestamp();
                else
                    await leased.CancelAsync();
            }
            catch (Exception e) when (e is DbException or TimeoutException or OperationCanceledException or InvalidOperationException)
            {
                // Away for a moment; once the lease must have run out, another may be reading.
                if (clock.GetElapsedTime(until) > TimeSpan.FromSeconds(LeaseSeconds))
                    await leased.CancelAsync();
            }
        }
    }

    private async Task ReleaseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await mailboxes.ReleaseAsync(options.Name, _owner, patience.Token);
        }
        catch (Exception e) when (e is DbException or TimeoutException or OperationCanceledException)
        {
            LogNotReleased(e, options.Name);
        }
    }

    private async Task<TimeSpan> ComplainAsync(Exception trouble, CancellationToken stop)
    {
        var words = MailboxLogIn.Describe(trouble, options) ?? (DatabaseContact.IsLoss(trouble) ? null : $"It can't be read ({trouble.GetType().Name}); the log says more.");
        LogTrouble(trouble, options.Name, words ?? "the database is away");
        if (words is not null)
        {
            try
            {
                await mailboxes.NoteErrorAsync(options.Name, SmtpText.Storable(words), stop);
            }
            catch (Exception e) when (e is DbException or TimeoutException or OperationCanceledException)
            {
                LogNotReleased(e, options.Name);
            }
        }

        var pause = _pause;
        _pause = _pause * 2 > s_longestPause ? s_longestPause : _pause * 2;
        return pause;
    }

    [LoggerMessage(1, LogLevel.Information, "Mailbox {Mailbox}: {Count} messages read, {Unclear} of them unclear")]
    private partial void LogRead(string mailbox, int count, int unclear);

    [LoggerMessage(2, LogLevel.Warning, "Mailbox {Mailbox} can't be read now: {Reason}")]
    private partial void LogTrouble(Exception exception, string mailbox, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Mailbox {Mailbox}: its lease was lost, another worker may read it")]
    private partial void LogLostLease(string mailbox);

    [LoggerMessage(4, LogLevel.Error, "Mailbox {Mailbox}: a message can't be read; it is listed as unclear")]
    private partial void LogUnreadable(Exception exception, string mailbox);

    [LoggerMessage(6, LogLevel.Warning, "Mailbox {Mailbox}: its server does not hand over message {Uid}; it stays there")]
    private partial void LogNotHanded(Exception exception, string mailbox, string uid);

    [LoggerMessage(5, LogLevel.Warning, "Mailbox {Mailbox}: its state can't be noted now")]
    private partial void LogNotReleased(Exception exception, string mailbox);
}
