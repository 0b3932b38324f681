using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>The step of the SMTP conversation that was refused, as far as a report tells.</summary>
internal enum RefusedStep
{
    Untold,
    Connect,
    Hello,
    MailFrom,
    RcptTo,
    Data,
}

/// <summary>Finds what a remote server said, and to what, in a report's words. Texts are one line, white space one space.</summary>
internal static partial class Conversation
{
    /// <summary>RFC 5321 §4.5.3.1.5: 512 octets a line; some servers send two or three.</summary>
    private const int MostQuoted = 1_000;

    private static readonly (Regex Says, RefusedStep Step)[] s_steps =
    [
        (Connecting(), RefusedStep.Connect),
        (Greeting(), RefusedStep.Hello),
        (AtMailFrom(), RefusedStep.MailFrom),
        (AtData(), RefusedStep.Data),
        (AtRcptTo(), RefusedStep.RcptTo),
    ];

    public static RefusedStep Step(IReadOnlyList<string> lines, string oneLine)
    {
        if (FromTranscript(lines) is var step and not RefusedStep.Untold)
            return step;
        foreach (var (says, named) in s_steps)
        {
            if (says.IsMatch(oneLine))
                return named;
        }

        return RefusedStep.Untold;
    }

    /// <summary>The refusals in a transcript as sendmail (&lt;&lt;&lt;) and Postfix (Out:) keep it, what merely followed from them left out; else empty.</summary>
    public static string Replies(IReadOnlyList<string> lines) =>
        string.Join(' ', lines.Select(Reply).Where(reply => IsRefusal(reply) && !Consequence().IsMatch(reply)));

    /// <summary>The text after "(reason: " as sendmail writes it; empty where there is none.</summary>
    public static string SendmailReason(string oneLine) => Reason().Match(oneLine) is { Success: true } found ? found.Groups["said"].Value : "";

    /// <summary>From the first refusal (4xx, 5xx) on; empty where none is quoted.</summary>
    public static string Quoted(string oneLine) => Refusal().Match(oneLine) is { Success: true } found ? oneLine.Substring(found.Groups["code"].Index, Math.Min(MostQuoted, oneLine.Length - found.Groups["code"].Index)) : "";

    /// <summary>Enhanced status code of RFC 3463; empty where there is none.</summary>
    public static string Status(string text) => Enhanced().Match(text) is { Success: true } found ? found.Groups["status"].Value : "";

    public static IEnumerable<string> Statuses(string text) => Enhanced().Matches(text).Select(found => found.Groups["status"].Value);

    /// <summary>SMTP reply code; empty where there is none.</summary>
    public static string ReplyCode(string text) => Refusal().Match(text) is { Success: true } found ? found.Groups["code"].Value : "";

    private static RefusedStep FromTranscript(IReadOnlyList<string> lines)
    {
        var asked = RefusedStep.Untold;
        foreach (var line in lines)
        {
            var command = Command().Match(line);
            if (command.Success)
                asked = Named(command.Groups["said"].ValueSpan);
            else if (IsRefusal(Reply(line)))
                return asked;
        }

        return RefusedStep.Untold;
    }

    private static RefusedStep Named(ReadOnlySpan<char> command) => command switch
    {
        _ when command.StartsWith("rcpt", StringComparison.OrdinalIgnoreCase) => RefusedStep.RcptTo,
        _ when command.StartsWith("mail", StringComparison.OrdinalIgnoreCase) => RefusedStep.MailFrom,
        _ when command.StartsWith("ehlo", StringComparison.OrdinalIgnoreCase) || command.StartsWith("helo", StringComparison.OrdinalIgnoreCase) => RefusedStep.Hello,
        _ => RefusedStep.Data,
    };

    private static string Reply(string line) => ReplyLine().Match(line) is { Success: true } found ? found.Groups["said"].Value : "";

    /// <summary>Whether a text begins as a refusal does: 4xx or 5xx.</summary>
    public static bool IsRefusal(string reply) => reply.Length >= 3 && reply[0] is '4' or '5' && char.IsAsciiDigit(reply[1]) && char.IsAsciiDigit(reply[2]);

    [GeneratedRegex(@"^\s*(<<<|Out:|Received >>>|<<-|S:)\s*(?<said>.+)$", ReportPattern.AsWritten)]
    private static partial Regex ReplyLine();

    [GeneratedRegex(@"^\s*(>>>|In:|Sent <<<|->>|C:)\s*(?<said>(RCPT|MAIL|EHLO|HELO|DATA|BDAT)\b)", ReportPattern.AnyCase)]
    private static partial Regex Command();

    [GeneratedRegex(@"^503|no valid recipients|need rcpt|^\d{3} [45]\.\d\.\d service unavailable$", ReportPattern.AnyCase)]
    private static partial Regex Consequence();

    [GeneratedRegex(@"\(reason: (?<said>.{1,1000}?)\)( |$)", ReportPattern.AsWritten)]
    private static partial Regex Reason();

    // No part of a number, an address, a date or a message's id.
    [GeneratedRegex(@"(^|[\s""'(\[<#:;=>])(?<code>[45][0-7]\d)([ \-:#;,)\]'""]|$)", ReportPattern.AsWritten)]
    private static partial Regex Refusal();

    [GeneratedRegex(@"(^|[^\d.a-zA-Z\-]|[45]\d\d-)(?<status>[45]\.[0-7]\.\d{1,3})([^\d.]|\.?(\s|$)|\.[^\d]|$)", ReportPattern.AsWritten)]
    private static partial Regex Enhanced();

    [GeneratedRegex(@"initial connection|after connect|while connecting|initial server greeting|banner|greeting (message|failed|refused)|\[connect\]|connection (was )?refused with", ReportPattern.AnyCase)]
    private static partial Regex Connecting();

    [GeneratedRegex(@"reply to (helo|ehlo)|after (helo|ehlo)|sending (helo|ehlo)|my name was rejected|\[(helo|ehlo)\]|to (helo|ehlo) command", ReportPattern.AnyCase)]
    private static partial Regex Greeting();

    [GeneratedRegex(@"(reply to|after|sending|following|in response to|response to|to) (the )?mail ?(from)?\b( command|:|<|\))?.{0,1}( command|:|<|size)|after mail|does not like (the )?sender|\[mail_from\]|\(state (8|9|1[02])\)|rejected sender|mail from command|did not like our (final )?mail from", ReportPattern.AnyCase)]
    private static partial Regex AtMailFrom();

    [GeneratedRegex(@"(reply to|after|sending|following|in response to|response to) (the )?(end of )?(data|text|message body|dot|bdat|message data)|after i sent the message|failed after i sent|\[data\]|\[eod\]|\[end_of_data\]|\(state 1[5-8]\)|pipelined data|(data|text) command|end of message|during data|did not like our (final )?data", ReportPattern.AnyCase)]
    private static partial Regex AtData();

    [GeneratedRegex(@"(reply to|after|sending|following|in response to|response to|error following|for|smtp error,?) (the )?rcpt|rcpt( to)? command|does not like recipient|\[rcpt_to\]|\(state 1[34]\)|rejected recipient|<<< rcpt to|rejected by rcpt|at rcpt|did not like our rcpt", ReportPattern.AnyCase)]
    private static partial Regex AtRcptTo();
}
