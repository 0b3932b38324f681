using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// What arrived: recipient, Message-ID and hash of every message, the bytes of the latest. Safe to read from any thread
/// while mail comes in.
/// </summary>
public sealed class ReceivedMessages
{
    private readonly Lock gate = new();
    private readonly MessageLog log = new();
    private readonly DistinctTexts recipients = new();
    private readonly DistinctTexts messageIds = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> waiting = [];
    private readonly KeptBodies bodies;

    internal ReceivedMessages(KeptBodies bodies) => this.bodies = bodies;

    /// <summary>
    /// Told of each message, one after the other, before it is taken. What it throws, the message's sender doesn't hear of:
    /// the message is not taken, and its connection breaks. Null: nobody is told.
    /// </summary>
    public Action<ArrivedMessage>? Arriving { get; set; }

    /// <summary>How many messages arrived and were kept.</summary>
    public long Count
    {
        get
        {
            lock (gate)
                return log.Count;
        }
    }

    /// <summary>How many different recipients they had, compared without case.</summary>
    public long DistinctRecipients
    {
        get
        {
            lock (gate)
                return recipients.Count;
        }
    }

    /// <summary>How many different Message-IDs they had; messages without one don't count.</summary>
    public long DistinctMessageIds
    {
        get
        {
            lock (gate)
                return messageIds.Count;
        }
    }

    /// <summary>Bytes of the bodies held now.</summary>
    public long BodyBytes => bodies.Bytes;

    /// <summary>A page of the list, newest first.</summary>
    /// <param name="limit">Messages on the page.</param>
    /// <param name="before">Only messages older than this number; null: from the newest.</param>
    /// <param name="after">The page just newer than this number; excludes <paramref name="before"/>.</param>
    /// <param name="recipient">Only messages with this in a recipient's address, compared without case.</param>
    public InboxPage List(int limit, long? before = null, long? after = null, string? recipient = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var now = Snapshot();
        var found = after is { } number
            ? Forwards(now, Math.Min(number, now.Count) + 1, recipient).Take(limit).Reverse().ToList()
            : Backwards(now, (before ?? now.Count + 1) - 1, recipient).Take(limit).ToList();
        var total = string.IsNullOrEmpty(recipient) ? now.Count : Forwards(now, 1, recipient).LongCount();
        return found.Count == 0
            ? new InboxPage([], total, HasNewer: before is not null && total > 0, HasOlder: after is not null && total > 0)
            : new InboxPage(
                found,
                total,
                Forwards(now, found[0].Number + 1, recipient).Any(),
                Backwards(now, found[^1].Number - 1, recipient).Any());
    }

    /// <summary>Messages in the order of arrival, from the one after <paramref name="number"/>.</summary>
    public IReadOnlyList<ReceivedMessage> After(long number, int limit)
    {
        var now = Snapshot();
        return [.. Forwards(now, Math.Min(number, now.Count) + 1, null).Take(limit)];
    }

    /// <summary>The message of that number; null when there is none.</summary>
    public ReceivedMessage? Find(long number) =>
        Forwards(Snapshot(), number, null).Take(1).FirstOrDefault(message => message.Number == number);

    /// <summary>The bytes of a message and what was said around them; null when they aren't kept.</summary>
    public ReceivedBody? ReadBody(long number) => bodies.Read(number);

    /// <summary>All messages that came with one Message-ID, angle brackets included.</summary>
    public MessageCopies CopiesOf(string messageId)
    {
        var wanted = Encoding.UTF8.GetBytes(messageId);
        return new MessageCopies(messageId, [.. Read(Snapshot(), 1, reader => reader.MessageId.SequenceEqual(wanted))]);
    }

    /// <summary>Every Message-ID that came more than once, in the order of the first copies.</summary>
    public IReadOnlyList<MessageCopies> Repeated()
    {
        var now = Snapshot();
        var seen = new DistinctTexts();
        var repeated = new HashSet<ulong>();
        foreach (var slice in now.Forwards())
        {
            for (var reader = new LogReader(slice); reader.Read();)
            {
                if (!reader.MessageId.IsEmpty && DistinctTexts.Key(reader.MessageId) is var key && !seen.Add(key))
                    repeated.Add(key);
            }
        }

        return [.. Read(now, 1, reader => !reader.MessageId.IsEmpty && repeated.Contains(DistinctTexts.Key(reader.MessageId)))
            .GroupBy(message => message.MessageId)
            .Select(copies => new MessageCopies(copies.Key, [.. copies]))];
    }

    /// <summary>Waits until so many messages have arrived in all.</summary>
    /// <exception cref="TimeoutException">They didn't, within the time (of the real clock).</exception>
    public async Task WaitForAsync(long count, TimeSpan timeout, CancellationToken stop = default)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (log.Count >= count)
                return;

            waiting.Add((count, reached));
        }

        try
        {
            await reached.Task.WaitAsync(timeout, stop);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"The inbox has {Count} of the {count} messages waited for, after {timeout}.", late);
        }
        finally
        {
            lock (gate)
                waiting.RemoveAll(waiter => waiter.Reached == reached);
        }
    }

    /// <summary>Keeps a message and empties <paramref name="message"/> for the next.</summary>
    /// <returns>Its number.</returns>
    internal long Add(IncomingMessage message, Envelope envelope, DateTimeOffset at, ReceivedBody around)
    {
        Span<byte> sha256 = stackalloc byte[SHA256.HashSizeInBytes];
        message.Hash(sha256);
        var entry = new LogEntry
        {
            ReceivedAt = at.ToUnixTimeMilliseconds(),
            Size = message.Size,
            Sha256 = sha256,
            Sender = Encoding.UTF8.GetBytes(envelope.Sender),
            Recipients = Encoding.UTF8.GetBytes(string.Join('\n', envelope.Recipients)),
            MessageId = message.Header("Message-ID"u8),
            Subject = message.Header("Subject"u8),
        };
        var keys = envelope.Recipients.Select(to => DistinctTexts.Key(Encoding.UTF8.GetBytes(to.ToUpperInvariant()))).ToArray();

        lock (gate)
        {
            Arriving?.Invoke(new ArrivedMessage(
                log.Count + 1,
                at,
                around.Connection,
                envelope.Sender,
                envelope.Recipients,
                Encoding.UTF8.GetString(entry.MessageId),
                Convert.ToHexStringLower(sha256),
                entry.Size));
            log.Append(entry);
            foreach (var key in keys)
                recipients.Add(key);
            if (!entry.MessageId.IsEmpty)
                messageIds.Add(DistinctTexts.Key(entry.MessageId));
            // Inside the lock, so that bodies grow old in the order of their numbers.
            if (message.IsWhole)
                bodies.Add(log.Count, message.TakeSegments(), message.Size, around);
            foreach (var waiter in waiting)
            {
                if (waiter.Count <= log.Count)
                    waiter.Reached.TrySetResult();
            }

            message.Clear();
            return log.Count;
        }
    }

    private LogSnapshot Snapshot()
    {
        lock (gate)
            return log.Snapshot();
    }

    private IEnumerable<ReceivedMessage> Forwards(LogSnapshot now, long from, string? recipient) =>
        Read(now, from, Wanted(recipient));

    private IEnumerable<ReceivedMessage> Backwards(LogSnapshot now, long from, string? recipient) =>
        now.Backwards(from).SelectMany(slice => Read(slice, Wanted(recipient)).Reverse()).Where(message => message.Number <= from);

    private IEnumerable<ReceivedMessage> Read(LogSnapshot now, long from, Func<LogReader, bool> wanted) =>
        now.Forwards(from).SelectMany(slice => Read(slice, wanted)).SkipWhile(message => message.Number < from);

    private IEnumerable<ReceivedMessage> Read(LogSlice slice, Func<LogReader, bool> wanted)
    {
        for (var reader = new LogReader(slice); reader.Read();)
        {
            if (wanted(reader))
                yield return Message(reader);
        }
    }

    private static Func<LogReader, bool> Wanted(string? recipient) =>
        string.IsNullOrEmpty(recipient)
            ? _ => true
            : reader => Encoding.UTF8.GetString(reader.Recipients).Contains(recipient, StringComparison.OrdinalIgnoreCase);

    private ReceivedMessage Message(LogReader reader) => new()
    {
        Number = reader.Number,
        ReceivedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.ReceivedAt),
        Sender = Encoding.UTF8.GetString(reader.Sender),
        Recipients = Encoding.UTF8.GetString(reader.Recipients).Split('\n'),
        Subject = MimeKit.Utils.Rfc2047.DecodeText(reader.Subject.ToArray()),
        MessageId = Encoding.UTF8.GetString(reader.MessageId),
        Sha256 = Convert.ToHexStringLower(reader.Sha256.Span),
        Size = reader.Size,
        BodyKept = bodies.Has(reader.Number),
    };
}
