using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>A folder over IMAP.</summary>
internal sealed class ImapSession : IMailboxSession
{
    // RFC 2177 §3: a server may hang up on whoever idles for half an hour; middleboxes are quicker.
    private static readonly TimeSpan s_longestIdle = TimeSpan.FromMinutes(9);

    private readonly ImapClient _client;
    private readonly MailboxOptions _options;
    private readonly IMailFolder _folder;
    private IMailFolder? _done;
    private IMailFolder? _unclear;
    private bool _somethingNew;
    private CancellationTokenSource? _idling;

    private ImapSession(ImapClient client, MailboxOptions options, IMailFolder folder)
    {
        (_client, _options, _folder) = (client, options, folder);
        folder.CountChanged += (_, _) =>
        {
            _somethingNew = true;
            Volatile.Read(ref _idling)?.Cancel();
        };
    }

    public string WaitsBy => _client.Capabilities.HasFlag(ImapCapabilities.Idle) ? "idle" : "polling";

    public static async Task<ImapSession> OpenAsync(MailboxOptions options, CancellationToken stop)
    {
        var client = new ImapClient { Timeout = (int)(options.TimeoutSeconds * 1000) };
        try
        {
            await MailboxLogIn.EnterAsync(client, options, stop);
            var folder = await FindAsync(client, options.Folder, create: false, stop);
            await folder.OpenAsync(FolderAccess.ReadWrite, stop);
            return new ImapSession(client, options, folder);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task<IReadOnlyList<MailboxItem>> ListAsync(CancellationToken stop)
    {
        _somethingNew = false;
        return [.. (await _folder.SearchAsync(SearchQuery.NotDeleted, stop)).Select(uid => new MailboxItem($"{_folder.UidValidity}:{uid.Id}"))];
    }

    public async Task<MailboxMessage?> FetchAsync(MailboxItem item, CancellationToken stop)
    {
        try
        {
            // The length is what is counted, not what is looked at.
            var summary = (await _folder.FetchAsync([UidOf(item)], MessageSummaryItems.Size | MessageSummaryItems.UniqueId, stop)).FirstOrDefault();
            if (summary is null)
                return null;
            await using var stream = await _folder.GetStreamAsync(UidOf(item), 0, ReportMail.MostBytes, stop);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, stop);
            return new MailboxMessage(item, bytes.ToArray(), summary.Size ?? bytes.Length);
        }
        catch (MessageNotFoundException)
        {
            return null;
        }
    }

    public async Task PutAwayAsync(IReadOnlyList<MailboxItem> done, CancellationToken stop)
    {
        if (done.Count == 0)
            return;
        var uids = done.Select(UidOf).ToList();
        if (_options.DoneFolder.Length > 0)
        {
            _done ??= await FindAsync(_client, _options.DoneFolder, create: true, stop);
            await _folder.MoveToAsync(uids, _done, stop);
            return;
        }

        await _folder.AddFlagsAsync(uids, MessageFlags.Deleted, silent: true, stop);
        await _folder.ExpungeAsync(uids, stop);
    }

    public async Task SetAsideAsync(IReadOnlyList<MailboxItem> unclear, CancellationToken stop)
    {
        if (unclear.Count == 0 || _options.UnclearFolder.Length == 0)
            return;
        _unclear ??= await FindAsync(_client, _options.UnclearFolder, create: true, stop);
        await _folder.MoveToAsync([.. unclear.Select(UidOf)], _unclear, stop);
    }

    public async Task WaitAsync(CancellationToken stop)
    {
        if (_somethingNew)
            return;
        if (WaitsBy == "polling")
        {
            await Task.Delay(TimeSpan.FromSeconds(_options.PollSeconds), stop);
            await _client.NoOpAsync(stop);
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        enough.CancelAfter(s_longestIdle);
        Volatile.Write(ref _idling, enough);
        try
        {
            if (!_somethingNew)
                await _client.IdleAsync(enough.Token, stop);
        }
        finally
        {
            Volatile.Write(ref _idling, null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A goodbye that nobody answers must not keep the next from trying.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ProtocolException or CommandException or ServiceNotConnectedException)
        {
            // It has gone already.
        }

        _client.Dispose();
    }

    private static UniqueId UidOf(MailboxItem item) =>
        new(uint.Parse(item.Uid.AsSpan(item.Uid.IndexOf(':', StringComparison.Ordinal) + 1), System.Globalization.CultureInfo.InvariantCulture));

    private static async Task<IMailFolder> FindAsync(ImapClient client, string path, bool create, CancellationToken stop)
    {
        if (path.Equals("INBOX", StringComparison.OrdinalIgnoreCase))
            return client.Inbox ?? throw new FolderNotFoundException(path);
        try
        {
            return await client.GetFolderAsync(path, stop);
        }
        catch (FolderNotFoundException) when (create)
        {
            var root = client.GetFolder(client.PersonalNamespaces[0]);
            return await root.CreateAsync(path, isMessageFolder: true, stop) ?? throw new FolderNotFoundException(path);
        }
    }
}
