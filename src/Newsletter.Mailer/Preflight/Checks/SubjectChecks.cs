using System.Globalization;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>What a list of mails shows: the subject and the line beside it.</summary>
internal static partial class SubjectChecks
{
    private const int LongestSubject = 70;
    private const int LongestPreheader = 140;

    public static void Look(PreflightSubject subject, FindingList found)
    {
        var (line, at) = (subject.Line, subject.Edition.SubjectAt);
        if (line.Length == 0)
        {
            found.Add("subject-empty", "A reader of whom nothing is known gets an empty subject.", "Give it words beside the slot, or the slot a default.", at);
            return;
        }

        var length = new StringInfo(line).LengthInTextElements;
        if (length > LongestSubject)
            found.Add("subject-long", string.Create(CultureInfo.InvariantCulture, $"The subject is {length} characters long; most lists of mails show 40 to {LongestSubject}."), "Put what matters first, and shorten the rest.", at);
        if (IsShouting(line))
            found.Add("subject-shouting", "The subject shouts: capitals and rows of exclamation marks are what spam looks like.", "Write it as you would say it.", at);
        if (ReplyMark().IsMatch(line))
            found.Add("subject-reply-mark", $"The subject begins with \"{ReplyMark().Match(line).Value.Trim()}\", as if it were an answer. Readers feel deceived, and in some countries it is unlawful.", "Take it out.", at);
        Preheader(subject, found);
    }

    private static void Preheader(PreflightSubject subject, FindingList found)
    {
        if (string.IsNullOrWhiteSpace(subject.Edition.Preheader))
        {
            found.Add("preheader-missing", "There is no preheader: beside the subject, mail programs show the first words they find.", "Add a line 'preheader: …' to the front matter, of 40 to 100 characters.");
            return;
        }

        var (preheader, at) = (subject.Edition.Preheader.Trim(), subject.Edition.PreheaderAt);
        if (new StringInfo(preheader).LengthInTextElements > LongestPreheader)
            found.Add("preheader-long", $"The preheader is longer than {LongestPreheader} characters; no mail program shows that much.", "Shorten it to what 40 to 100 characters hold.", at);
        if (preheader.Equals(subject.Line, StringComparison.OrdinalIgnoreCase) || preheader.Equals(subject.Edition.Subject.Trim(), StringComparison.OrdinalIgnoreCase))
            found.Add("preheader-repeats", "The preheader repeats the subject.", "Say something that the subject doesn't.", at);
    }

    private static bool IsShouting(string line)
    {
        var letters = line.Where(char.IsLetter).ToList();
        var capitals = letters.Count(char.IsUpper);
        return letters.Count >= 8 && capitals >= letters.Count * 0.7 || Marks().IsMatch(line);
    }

    [GeneratedRegex("^\\s*(re|aw|fwd?|wg|tr|rv)\\s*:", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex ReplyMark();

    [GeneratedRegex("[!?！？]{3}|(!.*){3}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Marks();
}
