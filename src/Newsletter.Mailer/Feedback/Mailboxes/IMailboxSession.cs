namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>A message as its server names it.</summary>
/// <param name="Uid">Stays the same from one session to the next (IMAP: UIDVALIDITY and UID; POP3: UIDL).</param>
internal sealed record MailboxItem(string Uid);

/// <summary>A message, read.</summary>
/// <param name="Item">Which.</param>
/// <param name="Bytes">Its beginning, at most as much as is looked at.</param>
/// <param name="Length">How long it is.</param>
internal sealed record MailboxMessage(MailboxItem Item, byte[] Bytes, long Length);

/// <summary>A mailbox that is open. Nothing leaves it but by <see cref="PutAwayAsync"/>.</summary>
internal interface IMailboxSession : IAsyncDisposable
{
    /// <summary><c>idle</c> or <c>polling</c>: how it learns of new mail.</summary>
    string WaitsBy { get; }

    /// <summary>Every message there is, oldest first.</summary>
    Task<IReadOnlyList<MailboxItem>> ListAsync(CancellationToken stop);

    /// <summary>Null for one that is gone.</summary>
    Task<MailboxMessage?> FetchAsync(MailboxItem item, CancellationToken stop);

    /// <summary>What these came to is committed: they are moved or deleted.</summary>
    Task PutAwayAsync(IReadOnlyList<MailboxItem> done, CancellationToken stop);

    /// <summary>Nothing could be made of these, and that is noted: they are moved to where people look, or stay.</summary>
    Task SetAsideAsync(IReadOnlyList<MailboxItem> unclear, CancellationToken stop);

    /// <summary>Returns when there may be something new; at the latest after the time between looks.</summary>
    Task WaitAsync(CancellationToken stop);
}
