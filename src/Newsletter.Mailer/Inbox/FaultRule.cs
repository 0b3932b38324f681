namespace Newsletter.Mailer.Inbox;

/// <summary>One thing that goes wrong: where, for whom, how often, and what. Built by <see cref="FaultScript.At"/>.</summary>
public sealed record FaultRule
{
    /// <summary>The moment it is about.</summary>
    public required FaultPoint Point { get; init; }

    /// <summary>A name to count by (<see cref="InboxServer.TimesFired"/>); the point's name unless given.</summary>
    public string? Name { get; init; }

    /// <summary>The connections it is about, counted from 1; null: all.</summary>
    public Func<int, bool>? Connection { get; init; }

    /// <summary>The messages it is about: MAIL commands at the inbox, counted from 1; null: all. Never holds before the first MAIL.</summary>
    public Func<int, bool>? Message { get; init; }

    /// <summary>The messages it is about: MAIL commands of the same connection, counted from 1; null: all.</summary>
    public Func<int, bool>? MessageOfConnection { get; init; }

    /// <summary>The sender it is about (<c>""</c> is the null sender); null: any. Never holds before MAIL.</summary>
    public Func<string, bool>? Sender { get; init; }

    /// <summary>The recipient it is about, after RCPT any of the message's; null: any. Never holds before RCPT.</summary>
    public Func<string, bool>? Recipient { get; init; }

    /// <summary>At <see cref="FaultPoint.Body"/>: how many bytes of the message arrive first.</summary>
    public long AfterBytes { get; init; }

    /// <summary>What the occurrences below are counted over.</summary>
    public FaultScope Scope { get; init; }

    /// <summary>Occurrences let pass before the rule fires.</summary>
    public int Skip { get; init; }

    /// <summary>After <see cref="Skip"/>, fire at every n-th occurrence.</summary>
    public int Period { get; init; } = 1;

    /// <summary>Fire so many times at most; null: without end.</summary>
    public int? Limit { get; init; }

    /// <summary>What happens.</summary>
    public FaultAction Action { get; init; } = new();

    internal string CountedAs => Name ?? Point.ToString();

    internal bool FiresAt(int occurrence)
    {
        var counted = occurrence - Skip;
        return counted > 0 && counted % Period == 0 && (Limit is null || counted / Period <= Limit);
    }
}

/// <summary>What a rule does. The parts combine: wait, then say this slowly, then close.</summary>
public sealed record FaultAction
{
    /// <summary>Wait so long first, by the inbox's clock.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What is said instead of the ordinary reply; null: the ordinary one. A 421 always closes.</summary>
    public InboxReply? Reply { get; init; }

    /// <summary>Wait so long after each byte of the reply; at <see cref="FaultPoint.Body"/>, of the message read.</summary>
    public TimeSpan BytePace { get; init; }

    /// <summary>How the connection goes on.</summary>
    public FaultEnding Ending { get; init; }

    /// <summary>At <see cref="FaultPoint.EndOfData"/>: whether the message is kept; null: when it is answered with 2xx.</summary>
    public bool? Keep { get; init; }

    internal bool EndsUnanswered => Ending is FaultEnding.Drop or FaultEnding.Reset or FaultEnding.Silent;

    internal bool Keeps(InboxReply ordinary) => Keep ?? (!EndsUnanswered && (Reply ?? ordinary).IsPositive);
}

/// <summary>Where in a conversation a reply is due: what the rules are matched against.</summary>
internal readonly record struct FaultContext(
    int Connection, int Message, int MessageOfConnection, string? Sender, IReadOnlyList<string> Recipients)
{
    public bool Meets(FaultRule rule) =>
        rule.Connection?.Invoke(Connection) != false
        && (rule.Message is null || (Message > 0 && rule.Message(Message)))
        && (rule.MessageOfConnection is null || (MessageOfConnection > 0 && rule.MessageOfConnection(MessageOfConnection)))
        && (rule.Sender is null || (Sender is not null && rule.Sender(Sender)))
        && (rule.Recipient is null || Recipients.Any(rule.Recipient));
}
