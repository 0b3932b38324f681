using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// One rule of a script as it is written (<see cref="FaultScriptReader"/>). <see cref="ToString"/> writes it the way it is read,
/// in a settled order; <see cref="ToRule"/> makes the rule that an inbox plays.
/// </summary>
public sealed record FaultLine
{
    /// <summary>The moment it is about.</summary>
    public required FaultPoint Point { get; init; }

    /// <summary>The name it is counted by; null: the point's.</summary>
    public string? Name { get; init; }

    /// <summary>The connections it is about; null: all.</summary>
    public NumberSet? Connections { get; init; }

    /// <summary>The messages of the inbox it is about; null: all.</summary>
    public NumberSet? Messages { get; init; }

    /// <summary>The messages of each connection it is about; null: all.</summary>
    public NumberSet? Turns { get; init; }

    /// <summary>The sender, with <c>*</c> for any characters; null: any.</summary>
    public string? Sender { get; init; }

    /// <summary>The recipient, with <c>*</c> for any characters; null: any.</summary>
    public string? Recipient { get; init; }

    /// <summary>The share of recipients, 0 to 1, always the same ones; null: all.</summary>
    public double? Share { get; init; }

    /// <summary>Fire so many times at most; null: without end.</summary>
    public int? First { get; init; }

    /// <summary>Fire at every n-th occurrence; null: at each.</summary>
    public int? Every { get; init; }

    /// <summary>Occurrences let pass first; null: none.</summary>
    public int? After { get; init; }

    /// <summary>What the three above are counted over.</summary>
    public FaultScope Scope { get; init; }

    /// <summary>At <see cref="FaultPoint.Body"/>: bytes of the message that arrive first; null: none.</summary>
    public long? Bytes { get; init; }

    /// <summary>At <see cref="FaultPoint.EndOfData"/>: whether the message is kept; null: when it is answered with 2xx.</summary>
    public bool? Keep { get; init; }

    /// <summary>Wait so long first.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Wait so long after each byte.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>What is said instead of the ordinary reply; null: the ordinary one.</summary>
    public InboxReply? Reply { get; init; }

    /// <summary>How the connection goes on.</summary>
    public FaultEnding Ending { get; init; }

    /// <summary>A client that keeps to the protocol may send the message again although the inbox has it: it was kept, and no 2xx said so.</summary>
    public bool HidesAnAcceptance =>
        Keep == true && Point is FaultPoint.EndOfData or FaultPoint.Any
        && (Ending is FaultEnding.Drop or FaultEnding.Reset or FaultEnding.Silent || Reply is { IsPositive: false });

    /// <summary>The rule.</summary>
    public FaultRule ToRule()
    {
        var rule = FaultScript.None.At(Point);
        if (Connections is { } connections)
            rule = rule.OnConnections(connections.Contains);
        if (Messages is { } messages)
            rule = rule.OnMessages(messages.Contains);
        if (Turns is { } turns)
            rule = rule.OnMessagesOfConnection(turns.Contains);
        if (Sender is { } sender)
            rule = rule.FromSender(from => AddressPattern.Matches(sender, from));
        if (RecipientTest() is { } test)
            rule = rule.ToRecipients(test);
        return Counted(rule).Answer().Rules[0] with
        {
            Name = Name,
            AfterBytes = Bytes ?? 0,
            Action = new FaultAction { Delay = Wait, BytePace = Pace, Reply = Reply, Ending = Ending, Keep = Keep },
        };
    }

    /// <summary>As it is read, in the order of the reference.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("at ").Append(FaultWords.Of(Point));
        Add(text, "named", Name is null ? null : FaultWords.Quoted(Name));
        Add(text, "connection", Connections?.Text);
        Add(text, "message", Messages?.Text);
        Add(text, "turn", Turns?.Text);
        Add(text, "from", Sender is null ? null : FaultWords.Quoted(Sender));
        Add(text, "to", Recipient is null ? null : FaultWords.Quoted(Recipient));
        Add(text, "share", Share?.ToString("0.################", CultureInfo.InvariantCulture));
        Add(text, "after", After?.ToString(CultureInfo.InvariantCulture));
        Add(text, "every", Every?.ToString(CultureInfo.InvariantCulture));
        Add(text, "first", First?.ToString(CultureInfo.InvariantCulture));
        Add(text, "per", Scope == FaultScope.Inbox ? null : FaultWords.Of(Scope));
        Add(text, "bytes", Bytes?.ToString(CultureInfo.InvariantCulture));
        if (Keep is { } keep)
            text.Append(keep ? " keep" : " lose");
        Add(text, "wait", Wait > TimeSpan.Zero ? FaultTime.Format(Wait) : null);
        Add(text, "pace", Pace > TimeSpan.Zero ? FaultTime.Format(Pace) : null);
        return text.Append(' ').Append(Action()).ToString();
    }

    private Func<string, bool>? RecipientTest()
    {
        // Which recipients are in a share is known to the builder alone.
        var share = Share is { } part ? FaultScript.None.At(Point).ToShareOfRecipients(part).Answer().Rules[0].Recipient : null;
        if (Recipient is not { } pattern)
            return share;
        return share is null ? to => AddressPattern.Matches(pattern, to) : to => AddressPattern.Matches(pattern, to) && share(to);
    }

    private FaultRuleBuilder Counted(FaultRuleBuilder rule)
    {
        if (After is { } after)
            rule = rule.After(after, Scope);
        if (Every is { } every)
            rule = rule.Every(every, Scope);
        return First is { } first ? rule.First(first, Scope) : rule;
    }

    private string Action() => Ending switch
    {
        FaultEnding.Drop => "drop",
        FaultEnding.Reset => "reset",
        FaultEnding.Silent => "silence",
        FaultEnding.Close => Reply is null ? "close" : "close " + FaultWords.Of(Reply),
        _ => Reply is null ? "answer" : "reply " + FaultWords.Of(Reply),
    };

    private static void Add(StringBuilder text, string word, string? value)
    {
        if (value is not null)
            text.Append(' ').Append(word).Append(' ').Append(value);
    }
}
