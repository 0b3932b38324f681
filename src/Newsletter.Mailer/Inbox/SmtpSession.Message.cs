using System.Globalization;

namespace Newsletter.Mailer.Inbox;

internal sealed partial class SmtpSession
{
    private async Task DataAsync(ReadOnlyMemory<byte> argument)
    {
        var wrong = Forbidden()
            ?? (!argument.IsEmpty ? InboxReply.NoParameters : null)
            ?? (envelope is null ? InboxReply.BadSequence("MAIL comes first") : null)
            ?? (envelope!.IsChunked ? InboxReply.BadSequence("BDAT was begun") : null)
            ?? (envelope.Recipients.Count == 0 ? InboxReply.NoRecipients : null);
        var said = await AnswerAsync(wrong is null ? FaultPoint.Data : FaultPoint.Other, wrong ?? InboxReply.StartMail);
        if (!open || wrong is not null || said is not { Code: 354 })
            return;

        unstuffer.Begin();
        BeginBody(chunked: false);
        for (var done = false; !done;)
        {
            if (!wire.HasInput && !await wire.FillAsync())
            {
                open = false;
                return;
            }

            var before = message.Size;
            done = unstuffer.Feed(wire.Buffered, message, out var consumed);
            wire.Consume(consumed);
            if (bodyFault is not null && !await PlayBodyAsync(bodyFault, before))
                return;
        }

        await EndOfDataAsync();
    }

    private async Task ChunkAsync(string argument)
    {
        var words = argument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not ([_] or [_, _]) || words[0].Length > 10 || !words[0].All(char.IsAsciiDigit)
            || (words.Length == 2 && !string.Equals(words[1], "LAST", StringComparison.OrdinalIgnoreCase)))
        {
            await AnswerAsync(FaultPoint.Other, InboxReply.Syntax("BDAT takes a size and perhaps LAST"));
            return;
        }

        var octets = long.Parse(words[0], CultureInfo.InvariantCulture);
        // RFC 3030 §2: what follows is octets even when the chunk is refused.
        var wrong = Forbidden()
            ?? (envelope is null ? InboxReply.BadSequence("MAIL comes first") : null)
            ?? (envelope!.Recipients.Count == 0 ? InboxReply.NoRecipients : null);
        if (wrong is null)
            BeginBody(chunked: true);
        if (!await TakeOctetsAsync(octets, wrong is null))
            return;

        if (wrong is null && words.Length == 2)
        {
            await EndOfDataAsync();
            return;
        }

        wrong ??= message.IsTooLarge ? InboxReply.TooLarge : null;
        var said = await AnswerAsync(wrong is null ? FaultPoint.Chunk : FaultPoint.Other, wrong ?? new InboxReply(250, $"{octets} octets received", "2.0.0"));
        if (said is not { IsPositive: true })
            EndTransaction();
    }

    private async Task<bool> TakeOctetsAsync(long octets, bool wanted)
    {
        while (octets > 0)
        {
            if (!wire.HasInput && !await wire.FillAsync())
            {
                open = false;
                return false;
            }

            var before = message.Size;
            var part = (int)Math.Min(octets, wire.Buffered.Length);
            if (wanted)
                message.Append(wire.Buffered[..part]);
            wire.Consume(part);
            octets -= part;
            if (bodyFault is not null && !await PlayBodyAsync(bodyFault, before))
                return false;
        }

        return true;
    }

    private async Task EndOfDataAsync()
    {
        var refusal = message.IsTooLarge ? InboxReply.TooLarge
            : message.HasEightBit && !options.EightBitMime ? InboxReply.EightBitNotOffered
            : null;
        var fault = FaultAt(FaultPoint.EndOfData);
        var reply = refusal ?? InboxReply.Ok;
        if (refusal is null && (fault?.Keeps(reply) ?? true))
            reply = InboxReply.Queued(shared.Messages.Add(message, envelope!, shared.Clock.GetUtcNow(), Around()));

        EndTransaction();
        commands = 0;
        await PlayAsync(fault, reply);
    }

    private ReceivedBody Around() => new()
    {
        Bytes = [],
        Connection = number,
        ClientName = clientName ?? "",
        Secured = wire.IsSecured,
        User = user,
        Chunked = envelope!.IsChunked,
        MailParameters = envelope.Parameters,
        RecipientParameters = [.. envelope.RecipientParameters],
    };

    /// <summary>Before the first byte of a message: looks for the rule that is to strike in its middle.</summary>
    private void BeginBody(bool chunked)
    {
        if (!envelope!.IsChunked)
            bodyFault = shared.Faults().Next(FaultPoint.Body, Context());
        envelope.IsChunked = chunked;
    }

    /// <returns>False when the connection is over.</returns>
    private async Task<bool> PlayBodyAsync(FaultRule fault, long before)
    {
        var action = fault.Action;
        if (action.BytePace > TimeSpan.Zero)
            await Task.Delay(action.BytePace * Math.Max(0, message.Size - Math.Max(before, fault.AfterBytes)), shared.Clock, stop);

        var strikes = before <= fault.AfterBytes && message.Size > fault.AfterBytes;
        if (!strikes)
            return true;

        InboxLog.FaultPlayed(shared.Log, number, fault.CountedAs);
        if (action.Delay > TimeSpan.Zero)
            await Task.Delay(action.Delay, shared.Clock, stop);
        if (action.EndsUnanswered)
            await LeaveUnansweredAsync(action.Ending);
        else if (action.Reply is not null)
            await PlayAsync(action with { Delay = TimeSpan.Zero, Ending = FaultEnding.Close }, action.Reply);
        return open;
    }
}
