using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Builds one rule of a script: any number of conditions, then one action, which gives back the script with the rule added.
/// Immutable: a builder can be kept and finished in several ways.
/// </summary>
public sealed class FaultRuleBuilder
{
    private readonly FaultScript script;
    private readonly FaultRule rule;

    internal FaultRuleBuilder(FaultScript script, FaultRule rule)
    {
        this.script = script;
        this.rule = rule;
    }

    /// <summary>The name the rule is counted by.</summary>
    public FaultRuleBuilder Named(string name) => If(rule with { Name = name });

    /// <summary>Only on the n-th connection, counted from 1.</summary>
    public FaultRuleBuilder OnConnection(int number) => OnConnections(n => n == number);

    /// <summary>Only on these connections, counted from 1.</summary>
    public FaultRuleBuilder OnConnections(Func<int, bool> which) => If(rule with { Connection = which });

    /// <summary>Only for the n-th message of the inbox (n-th MAIL command), counted from 1.</summary>
    public FaultRuleBuilder OnMessage(int number) => OnMessages(n => n == number);

    /// <summary>Only for these messages of the inbox, counted from 1.</summary>
    public FaultRuleBuilder OnMessages(Func<int, bool> which) => If(rule with { Message = which });

    /// <summary>Only for these messages of their connection, counted from 1.</summary>
    public FaultRuleBuilder OnMessagesOfConnection(Func<int, bool> which) => If(rule with { MessageOfConnection = which });

    /// <summary>Only for this sender.</summary>
    public FaultRuleBuilder FromSender(Func<string, bool> which) => If(rule with { Sender = which });

    /// <summary>Only for this recipient, compared without case.</summary>
    public FaultRuleBuilder ToRecipient(string address) =>
        ToRecipients(to => string.Equals(to, address, StringComparison.OrdinalIgnoreCase));

    /// <summary>Only for recipients that match.</summary>
    public FaultRuleBuilder ToRecipients(Func<string, bool> which) => If(rule with { Recipient = which });

    /// <summary>Only for a share (0 to 1) of all recipients, always the same ones.</summary>
    public FaultRuleBuilder ToShareOfRecipients(double share)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(share, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return ToRecipients(to => Position(to) < share);
    }

    /// <summary>The first n occurrences.</summary>
    public FaultRuleBuilder First(int times, FaultScope per = FaultScope.Inbox)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return If(rule with { Limit = times, Scope = per });
    }

    /// <summary>Every n-th occurrence.</summary>
    public FaultRuleBuilder Every(int period, FaultScope per = FaultScope.Inbox)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        return If(rule with { Period = period, Scope = per });
    }

    /// <summary>Not the first n occurrences.</summary>
    public FaultRuleBuilder After(int occurrences, FaultScope per = FaultScope.Inbox)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(occurrences, 0);
        return If(rule with { Skip = occurrences, Scope = per });
    }

    /// <summary>At <see cref="FaultPoint.Body"/>: once so many bytes of the message have arrived.</summary>
    public FaultRuleBuilder AfterBytes(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 0);
        return If(rule with { AfterBytes = bytes });
    }

    /// <summary>At <see cref="FaultPoint.EndOfData"/>: the message is kept, whatever the client gets to hear.</summary>
    public FaultRuleBuilder KeepingMessage() => Do(rule.Action with { Keep = true });

    /// <summary>At <see cref="FaultPoint.EndOfData"/>: the message is lost, whatever the client gets to hear.</summary>
    public FaultRuleBuilder LosingMessage() => Do(rule.Action with { Keep = false });

    /// <summary>Wait before the action.</summary>
    public FaultRuleBuilder Wait(TimeSpan delay) => Do(rule.Action with { Delay = delay });

    /// <summary>Write the reply slowly; at <see cref="FaultPoint.Body"/>, read the message slowly.</summary>
    public FaultRuleBuilder Pace(TimeSpan perByte) => Do(rule.Action with { BytePace = perByte });

    /// <summary>Say this instead. A 421 also closes.</summary>
    /// <param name="code">200 to 599.</param>
    /// <param name="text">With the enhanced code in front, if there is to be one; several lines separated by <c>\n</c>.</param>
    public FaultScript Reply(int code, string text) => Finish(rule.Action with { Reply = Said(code, text) });

    /// <summary>Say this instead, then close the connection.</summary>
    public FaultScript ReplyAndClose(int code, string text) =>
        Finish(rule.Action with { Reply = Said(code, text), Ending = FaultEnding.Close });

    /// <summary>Give the ordinary reply, after what <see cref="Wait"/> and <see cref="Pace"/> ask for.</summary>
    public FaultScript Answer() => Finish(rule.Action);

    /// <summary>Give the ordinary reply, later.</summary>
    public FaultScript Delay(TimeSpan delay) => Wait(delay).Answer();

    /// <summary>Give the ordinary reply, one byte at a time.</summary>
    public FaultScript Tarpit(TimeSpan perByte) => Pace(perByte).Answer();

    /// <summary>Close the connection without a reply.</summary>
    public FaultScript Drop() => Finish(rule.Action with { Ending = FaultEnding.Drop });

    /// <summary>Reset the connection without a reply.</summary>
    public FaultScript Reset() => Finish(rule.Action with { Ending = FaultEnding.Reset });

    /// <summary>Never answer again, and leave the connection open.</summary>
    public FaultScript GoSilent() => Finish(rule.Action with { Ending = FaultEnding.Silent });

    private FaultScript Finish(FaultAction action) => script.With(rule with { Action = action });

    private static InboxReply Said(int code, string text)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 599);
        if (!Ascii.IsValid(text) || text.Any(c => char.IsControl(c) && c != '\n'))
            throw new ArgumentException("A reply is ASCII without control characters; its lines are separated by \\n.", nameof(text));

        return new InboxReply(code, text);
    }

    private FaultRuleBuilder Do(FaultAction action) => If(rule with { Action = action });

    private FaultRuleBuilder If(FaultRule changed) => new(script, changed);

    /// <summary>A place in [0, 1) that depends on the address alone, so that a share is the same in every process.</summary>
    private static double Position(string address)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(address.ToUpperInvariant()));
        return BinaryPrimitives.ReadUInt32BigEndian(hash) / (uint.MaxValue + 1.0);
    }
}
