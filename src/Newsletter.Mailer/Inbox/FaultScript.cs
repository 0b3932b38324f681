using System.Collections.Immutable;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// What goes wrong, and when: an immutable list of rules. For every reply the rules are tried in order and the first
/// that fires decides; where none fires the inbox behaves. Nothing is random, so a run can be repeated.
/// </summary>
/// <example>
/// <code>
/// FaultScript.None
///     .At(FaultPoint.EndOfData).Every(100).KeepingMessage().Drop()
///     .At(FaultPoint.Rcpt).ToShareOfRecipients(0.3).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Try again later")
/// </code>
/// </example>
public sealed record FaultScript
{
    /// <summary>Nothing goes wrong.</summary>
    public static FaultScript None { get; } = new();

    /// <summary>The rules, in the order they are tried.</summary>
    public ImmutableArray<FaultRule> Rules { get; init; } = [];

    /// <summary>Begins a rule; the script with it comes from the method that names its action.</summary>
    public FaultRuleBuilder At(FaultPoint point) => new(this, new FaultRule { Point = point });

    /// <summary>This script with one more rule at its end.</summary>
    public FaultScript With(FaultRule rule) => this with { Rules = Rules.Add(rule) };
}

/// <summary>The moments a rule can be about: each is one reply of the inbox, but for <see cref="Body"/>.
/// A command refused for breaking the protocol is <see cref="Other"/>.</summary>
public enum FaultPoint
{
    /// <summary>Every reply, of whatever kind.</summary>
    Any,

    /// <summary>The greeting (220).</summary>
    Connect,

    /// <summary>The reply to EHLO or HELO.</summary>
    Ehlo,

    /// <summary>The reply to STARTTLS.</summary>
    StartTls,

    /// <summary>The last reply to AUTH (235, 535).</summary>
    Auth,

    /// <summary>The reply to MAIL FROM.</summary>
    Mail,

    /// <summary>The reply to RCPT TO.</summary>
    Rcpt,

    /// <summary>The reply to DATA (354), before the message.</summary>
    Data,

    /// <summary>The reply to a BDAT chunk that is not the last.</summary>
    Chunk,

    /// <summary>In the middle of the message, once <see cref="FaultRule.AfterBytes"/> of it have arrived. Not part of <see cref="Any"/>.</summary>
    Body,

    /// <summary>The reply to the final dot, or to BDAT LAST.</summary>
    EndOfData,

    /// <summary>The reply to RSET.</summary>
    Rset,

    /// <summary>The reply to NOOP.</summary>
    Noop,

    /// <summary>The reply to QUIT.</summary>
    Quit,

    /// <summary>The reply to anything else.</summary>
    Other,
}

/// <summary>What a rule's occurrences are counted over.</summary>
public enum FaultScope
{
    /// <summary>All connections of the inbox together.</summary>
    Inbox,

    /// <summary>Each connection by itself.</summary>
    Connection,

    /// <summary>Each recipient by itself, compared without case; at a moment with several, the first.</summary>
    Recipient,
}

/// <summary>How a connection goes on after a fault.</summary>
public enum FaultEnding
{
    /// <summary>The reply is given and the conversation goes on.</summary>
    None,

    /// <summary>The reply is given, then the connection is closed.</summary>
    Close,

    /// <summary>The connection is closed without a reply.</summary>
    Drop,

    /// <summary>As <see cref="Drop"/>, but by TCP reset.</summary>
    Reset,

    /// <summary>No reply ever: the connection stays open and what arrives is thrown away.</summary>
    Silent,
}
