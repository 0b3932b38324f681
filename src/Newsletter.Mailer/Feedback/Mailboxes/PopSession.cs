using MailKit;
using MailKit.Net.Pop3;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>
/// A maildrop over POP3. A session sees what was there when it began, and what it deletes is gone only once it has said goodbye (RFC 1939 §6):
/// so each look is a session of its own.
/// </summary>
internal sealed class PopSession(MailboxOptions options) : IMailboxSession
{
    // A whole message has to be taken; what is longer is surely no report.
    private const int MostBytes = 32 * 1024 * 1024;

    private Pop3Client? _client;
    private Dictionary<string, int> _places = [];

    public string WaitsBy => "polling";

    public static async Task<PopSession> OpenAsync(MailboxOptions options, CancellationToken stop)
    {
        var session = new PopSession(options);
        await session.ConnectAsync(stop);
        return session;
    }

    public async Task<IReadOnlyList<MailboxItem>> ListAsync(CancellationToken stop)
    {
        if (_client is null)
            await ConnectAsync(stop);
        var uids = await _client!.GetMessageUidsAsync(stop);
        _places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var place = 0; place < uids.Count; place++)
            _places.TryAdd(uids[place], place);
        return [.. _places.Keys.Select(uid => new MailboxItem(uid))];
    }

    public async Task<MailboxMessage?> FetchAsync(MailboxItem item, CancellationToken stop)
    {
        var place = _places[item.Uid];
        var length = await _client!.GetMessageSizeAsync(place, stop);
        await using var stream = await _client.GetStreamAsync(place, headersOnly: length > MostBytes, stop);
        var bytes = new byte[Math.Min(Math.Max(stream.Length, 0), ReportMail.MostBytes)];
        var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        return new MailboxMessage(item, bytes[..read], length);
    }

    public Task PutAwayAsync(IReadOnlyList<MailboxItem> done, CancellationToken stop) =>
        done.Count == 0 ? Task.CompletedTask : _client!.DeleteMessagesAsync([.. done.Select(item => _places[item.Uid])], stop);

    /// <summary>There are no folders: it stays where it is, and is known by its name.</summary>
    public Task SetAsideAsync(IReadOnlyList<MailboxItem> unclear, CancellationToken stop) => Task.CompletedTask;

    public async Task WaitAsync(CancellationToken stop)
    {
        if (_client is { } client)
        {
            // What was deleted is gone from here on.
            await client.DisconnectAsync(quit: true, stop);
            Leave();
        }

        await Task.Delay(TimeSpan.FromSeconds(options.PollSeconds), stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is null)
            return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ProtocolException or CommandException or ServiceNotConnectedException)
        {
            // Then it deletes nothing, and what was dealt with is known when it is seen again.
        }

        Leave();
    }

    private async Task ConnectAsync(CancellationToken stop)
    {
        var client = new Pop3Client { Timeout = (int)(options.TimeoutSeconds * 1000) };
        try
        {
            await MailboxLogIn.EnterAsync(client, options, stop);
            if (!client.Capabilities.HasFlag(Pop3Capabilities.UIDL))
                throw new NotSupportedException("the server has no UIDL, without which a message can't be known again");
            _client = client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private void Leave()
    {
        _client?.Dispose();
        _client = null;
    }
}
