using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>Brings together what a report says of one recipient, in its fields and in its words.</summary>
internal static partial class EvidenceGathering
{
    public static Evidence Of(StatusFields fields, ReportText text, string recipient, IReadOnlyList<string> all)
    {
        var block = recipient.Length == 0 ? [] : text.Block(recipient, all);
        var lines = block.Length > 0 ? block : text.Lines;
        var blockLine = OneLine(lines);
        var wholeLine = OneLine(text.Lines);
        var (type, diagnostic) = Split(fields["Diagnostic-Code"]);
        var texts = Texts(diagnostic, fields, lines, blockLine, wholeLine);
        var replyCode = texts.Select(Conversation.ReplyCode).FirstOrDefault(code => code.Length > 0) ?? "";
        return new Evidence
        {
            Texts = texts,
            Status = Cause(StatusOf(diagnostic, fields["Status"], replyCode, texts), texts),
            ReplyCode = replyCode,
            Action = fields["Action"].Split(' ', '(')[0].ToLowerInvariant(),
            Step = StepOf(lines, blockLine, text, wholeLine),
            OfProgram = type.Equals("x-unix", StringComparison.OrdinalIgnoreCase),
        };
    }

    /// <summary>One reply alone, as a server gave it.</summary>
    internal static Evidence OfReply(string reply) => new()
    {
        Texts = [Plain(reply)],
        Status = StatusChoice.Within(reply),
        ReplyCode = Conversation.ReplyCode(reply),
        Step = Conversation.Step([], reply),
    };

    private static RefusedStep StepOf(string[] lines, string blockLine, ReportText text, string wholeLine) =>
        Conversation.Step(lines, blockLine) is var step and not RefusedStep.Untold ? step : Conversation.Step(text.Lines, wholeLine);

    private static List<string> Texts(string diagnostic, StatusFields fields, string[] lines, string blockLine, string wholeLine)
    {
        var sendmail = Conversation.SendmailReason(blockLine);
        var comment = Comment().Match(fields["Status"]) is { Success: true } found ? found.Groups["said"].Value : "";
        string[] all =
        [
            // A bare number is a program's exit status, and says nothing in words.
            OnlyNumber().IsMatch(diagnostic) ? "" : $"{diagnostic} {comment}".Trim(),
            sendmail.Contains("...", StringComparison.Ordinal) && Conversation.Replies(lines) is { Length: > 0 } whole ? whole : sendmail,
            Conversation.Replies(lines),
            Conversation.Quoted(blockLine),
            Boilerplate().Replace(blockLine, " "),
            Boilerplate().Replace(wholeLine, " "),
            Links(wholeLine),
        ];
        return [.. all.Select(Plain).Where(text => text.Length > 0).Distinct()];
    }

    /// <summary>As <see cref="BounceTexts"/> wants it: one line, and no address in it, because a mailbox may be called userunknown@ or spam@.</summary>
    internal static string Plain(string text) => Addresses.Hide(WhiteSpace().Replace(text, " ").Trim());

    // Addresses of help pages are part of the boilerplate, yet where a server says nothing else that can be read they tell.
    private static string Links(string wholeLine) => string.Join(' ', Link().Matches(wholeLine).Select(link => link.Value));

    // Two statuses, the reporter's and the one in what it quotes: the reporter's, unless the other says more (see StatusChoice).
    private static string StatusOf(string diagnostic, string field, string replyCode, List<string> texts)
    {
        var (told, remote) = (Conversation.Status(field), StatusChoice.Within(diagnostic));
        if (told.Length > 0 || remote.Length > 0)
        {
            var chosen = StatusChoice.Between(told, remote, replyCode);
            if (!StatusChoice.SaysNothing(chosen) || diagnostic.Length > 0)
                return chosen;
        }

        var found = texts.Select(StatusChoice.Within).FirstOrDefault(status => status.Length > 0) ?? "";
        return StatusChoice.Between(told, found, replyCode);
    }

    // x.4.7 tells that somebody gave up; what kept failing meanwhile may stand beside it.
    private static string Cause(string status, List<string> texts) =>
        status.EndsWith(".4.7", StringComparison.Ordinal)
            ? texts.SelectMany(Conversation.Statuses).FirstOrDefault(other => !StatusChoice.SaysNothing(other) && !other.EndsWith(".4.7", StringComparison.Ordinal)) ?? status
            : status;

    private static (string Type, string Text) Split(string diagnostic) =>
        DiagnosticType().Match(diagnostic) is { Success: true } found
            ? (found.Groups["said"].Value, OneLine([diagnostic[found.Length..]]))
            : ("", OneLine([diagnostic]));

    private static string OneLine(IEnumerable<string> lines) => WhiteSpace().Replace(string.Join(' ', lines), " ").Trim();

    [GeneratedRegex(@"\s+", ReportPattern.AsWritten)]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"^\s*(?<said>[A-Za-z][\w-]{1,40})\s*;", ReportPattern.AsWritten)]
    private static partial Regex DiagnosticType();

    [GeneratedRegex(@"^\s*\d+\s*$", ReportPattern.AsWritten)]
    private static partial Regex OnlyNumber();

    [GeneratedRegex(@"\((?<said>[^)]{1,200})\)", ReportPattern.AsWritten)]
    private static partial Regex Comment();

    [GeneratedRegex(@"https?://\S{1,300}", ReportPattern.AnyCase)]
    private static partial Regex Link();

    // What servers say in every report, whatever the reason.
    [GeneratedRegex(
        @"delivery temporarily suspended|(below )?i include the list of recipients and the reason why i was unable to deliver your message|i'?ve given up\. sorry it didn't work out\.?|(if you do so, )?please include this problem report|you can delete your own text from the (message|attached).{0,30}|could not be delivered to (all|one or more).{0,30}|permanent (fatal )?errors?|this is a (permanent|temporary) error|for further assistance, please send mail to \S*|please,? do not reply.{0,40}|please (contact|send|forward).{0,80}administrator|this is the mail system at host \S*|this message was created automatically by mail (delivery )?(software|system)|a message that you sent|(the )?following address(es)? (\(es\) )?(had|failed)|the mail system|mail delivery (system|subsystem|failed|failure)|delivery status notification( \(\w+\))?|undelivered mail returned to sender|returned mail|message headers|https?://\S+|for administrators|diagnostic information.{0,30}|do not (need to )?re-?send.{0,30}|technical details of (permanent|temporary) failure|delivery to the following recipients? (has )?(been )?(failed|delayed)( permanently)?|your message (could|can)( ?not|'t) be delivered",
        ReportPattern.AnyCase)]
    private static partial Regex Boilerplate();
}
