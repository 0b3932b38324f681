using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>
/// A report in words, for people: where the returned message begins, whom it names, what it says of each. No server writes like the
/// next, but nearly all put an address on a line of its own and the reason beside or below it.
/// </summary>
internal sealed partial class ReportText
{
    private const int MostLines = 400;

    private ReportText(string[] lines, string returned)
    {
        Lines = lines;
        Returned = returned;
    }

    /// <summary>The report's own lines.</summary>
    public string[] Lines { get; }

    /// <summary>What follows them: the message that came back, or its headers; empty where there is none.</summary>
    public string Returned { get; }

    public static ReportText Of(string text)
    {
        var lines = text.Split('\n', MostLines + 1);
        var cut = 0;
        while (cut < lines.Length && !(cut > 0 && BeginsReturned(lines, cut)))
            cut++;
        var returned = cut < lines.Length ? string.Join('\n', lines[cut..].SkipWhile(line => !HeaderLine().IsMatch(line))) : "";
        return new ReportText(lines[..Math.Min(cut, MostLines)], returned);
    }

    /// <summary>
    /// Who wasn't reached, in the report's order, the reporter itself left out. Lines that hold an address and little else name somebody;
    /// where there is none such, lines that say "to" do; failing that, any address.
    /// </summary>
    public IReadOnlyList<string> Recipients(Func<string, bool> isReporter)
    {
        foreach (var naming in new Func<string, string>[] { OnItsOwn, Labelled, Addresses.First })
        {
            var found = Lines.Select(naming).Where(address => address.Length > 0 && !isReporter(address))
                .Distinct(StringComparer.OrdinalIgnoreCase).Take(50).ToList();
            if (found.Count > 0)
                return found;
        }

        return [];
    }

    /// <summary>The lines from where a recipient is named to where the next one is.</summary>
    public string[] Block(string recipient, IEnumerable<string> others)
    {
        var start = Array.FindIndex(Lines, line => line.Contains(recipient, StringComparison.OrdinalIgnoreCase) && !IsAboutTheMessage(line));
        if (start < 0)
            return [];
        var rest = others.Where(other => !other.Equals(recipient, StringComparison.OrdinalIgnoreCase)).ToList();
        var end = start + 1;
        while (end < Lines.Length && !rest.Exists(other => Lines[end].Contains(other, StringComparison.OrdinalIgnoreCase) && OnItsOwn(Lines[end]).Length > 0))
            end++;
        return Lines[start..end];
    }

    private static bool IsAboutTheMessage(string line) => MessageFact().IsMatch(line);

    private static bool BeginsReturned(string[] lines, int at)
    {
        var line = lines[at].Trim();
        if (line.Length == 0)
            return false;
        // Headers of a message, one after the other: two where the first is one that servers write, four where people might.
        return Marker().IsMatch(line) || (ServerHeader().IsMatch(lines[at]) && Headers(lines, at + 1, 1)) || (ReturnedHeader().IsMatch(lines[at]) && Headers(lines, at + 1, 3));
    }

    private static bool Headers(string[] lines, int from, int count)
    {
        for (var at = from; at < from + count; at++)
        {
            if (at >= lines.Length || !(HeaderLine().IsMatch(lines[at]) || lines[at].StartsWith('\t') || lines[at].StartsWith(' ')))
                return false;
        }

        return true;
    }

    private static string OnItsOwn(string line) => AddressLine().Match(line) is { Success: true } ? Addresses.First(line) : "";

    private static string Labelled(string line) => Label().IsMatch(line) ? Addresses.First(line[Label().Match(line).Index..]) : "";

    [GeneratedRegex(@"^[\s>*\-]*(to: ?|recipient( address)?: ?|user: ?|e-?mail: ?)?[""<(\[]*(mailto:|smtp:|rfc822; ?)?[^\s<>@,;:]{1,64}@[\w.\-\[\]]{3,250}[\]>)"":;,.\s]*($|\.\.\. |\(|<|mailto| on |: | - |;|#| delivery failed| *$)", ReportPattern.AnyCase)]
    private static partial Regex AddressLine();

    [GeneratedRegex(@"(rcpt to|final-recipient|original-recipient|recipients?( address)?|addressed to|deliver(ed|y|y of your message)?( error| failed| failure)?( to| for)?|undeliverable to|unknown user|not be delivered to|unable to deliver .{0,30}to|could not .{0,30} to|failed to (send|deliver) .{0,30}to|mailbox|user|address|for|to|宛先)\b[^@]{0,60}@", ReportPattern.AnyCase)]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s*(from|to|cc|sender|reply-to|mail from|subject|sent|message-id|x-postfix-sender|x-\w+-sender)\s*:", ReportPattern.AnyCase)]
    private static partial Regex MessageFact();

    [GeneratedRegex(@"^(return-path|received|x-received|delivered-to|dkim-signature|x-google-dkim-signature|arc-seal|x-mailer|domainkey-signature|authentication-results)\s*:", ReportPattern.AnyCase)]
    private static partial Regex ServerHeader();

    [GeneratedRegex(@"^(message-id|date|from|to|subject|mime-version|content-type|x-[a-z0-9-]{2,40})\s*:", ReportPattern.AnyCase)]
    private static partial Regex ReturnedHeader();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9\-]{1,40}\s*:", ReportPattern.AsWritten)]
    private static partial Regex HeaderLine();

    [GeneratedRegex(
        @"^[\s\-=_*~>#.+|]*((this is|enclosed is|included is|attached is|below (this line )?is|here is|following is|the following is|what follows is) (an? |the )?(original |full |partial |truncated )?(copy|header|headers|text|message|beginning|start)|(the )?(original|returned|unsent|undelivered|failed|rejected|bounced) (message|mail|e-?mail|message headers|header|text)( text| headers?| header of the original message| follows| is below| below| body| is included)*[\s:.\-=_*]*$|below this line is|original message (follows|headers?)|the headers? of the original|message headers? follows?|message follows|(begin|start) of (original|returned)|returned message|copy of (your|the) (original )?(message|mail)|(message|mail) (header|contents?|body)s?[\s:.\-=_*]*$|your original (message|mail)|unsent message|undelivered message follows|end of (error )?(report|message)|content-type:\s*(message/(rfc822|partial|global)|text/rfc822-headers)|-----?\s*(original|forwarded|returned) (message|mail))",
        ReportPattern.AnyCase)]
    private static partial Regex Marker();
}
