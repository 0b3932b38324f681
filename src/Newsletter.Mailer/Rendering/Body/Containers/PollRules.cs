using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>
/// What a poll must have: a question behind its name, perhaps settings in braces behind that, and a list of what may be chosen. All of it is plain text
/// and the same for everyone, because it is kept with the issue.
/// </summary>
internal static partial class PollRules
{
    private const int LeastOptions = 2;
    private const int MostOptions = 10;
    private const int LongestQuestion = 300;
    private const int LongestOption = 150;
    private const string Example = ":::poll How was this letter?, below it a list of what may be chosen (- Loved it), and :::.";

    private static readonly string[] s_days = ["yyyy-MM-dd"];
    private static readonly string[] s_times = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm"];

    /// <summary>Reads a poll.</summary>
    /// <param name="container">As it was written.</param>
    /// <param name="refuse">Takes what is wrong, and where.</param>
    /// <returns>Null where something is wrong.</returns>
    public static EditionPoll? Read(EditionContainer container, Action<int, string> refuse)
    {
        var refused = false;
        void Refuse(int at, string message)
        {
            refused = true;
            refuse(at, message);
        }

        var (question, settings) = Split(container.Argument);
        if (question.Length == 0)
            Refuse(container.ArgumentAt, $"A :::poll asks nothing. Write {Example}");
        else if (question.Length > LongestQuestion)
            Refuse(container.ArgumentAt, $"The question of a :::poll has at most {LongestQuestion} characters.");
        if (SlotTable.HasTokens(container.Argument))
            Refuse(container.ArgumentAt, "A :::poll asks everybody the same, so its question holds no slots.");
        var poll = ReadSettings(settings, container.ArgumentAt, Refuse) with { Question = UnsafeCharacters.Strip(question), Options = ReadOptions(container, Refuse) };
        return refused ? null : poll;
    }

    private static (string Question, string Settings) Split(string argument) =>
        Settings().Match(argument) is { Success: true } settings ? (argument[..settings.Index].Trim(), settings.Groups["inside"].Value) : (argument.Trim(), "");

    private static EditionPoll ReadSettings(string settings, int at, Action<int, string> refuse)
    {
        var poll = new EditionPoll { Number = 0, Question = "", Options = [] };
        foreach (var setting in settings.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            switch (setting.Split('=', 2))
            {
                case ["anonymous"]:
                    poll = poll with { IsAnonymous = true };
                    break;
                case ["comments", "off"]:
                    poll = poll with { TakesComments = false };
                    break;
                case ["closes", var day] when ReadTime(day) is { } closes:
                    poll = poll with { Closes = closes };
                    break;
                default:
                    refuse(at, $"\"{UnsafeCharacters.Strip(setting.Length <= 60 ? setting : setting[..60] + "…")}\" is no setting of a :::poll. Settings are anonymous, comments=off and closes=2031-05-01 or closes=2031-05-01T18:00 (of the newsletter's zone); a poll may be closed by API too.");
                    break;
            }

        return poll;
    }

    // A day is open to its end.
    private static DateTime? ReadTime(string text) =>
        DateTime.TryParseExact(text, s_days, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1 and < 9999 ? day.AddDays(1)
        : DateTime.TryParseExact(text, s_times, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && time.Year is > 1 and < 9999 ? time
        : null;

    private static List<string> ReadOptions(EditionContainer container, Action<int, string> refuse)
    {
        var blocks = container.Where(block => block is not (LinkReferenceDefinitionGroup or BlankLineBlock)).ToList();
        if (blocks is not [ListBlock list])
        {
            refuse(container.Span.Start, $"A :::poll holds one list and nothing else. Write {Example}");
            return [];
        }

        var options = new List<string>();
        foreach (var item in list.OfType<ListItemBlock>())
            if (item is [ParagraphBlock { Inline: { } words }] && Plain(words) is { Length: > 0 } option)
                Add(options, option, item, refuse);
            else
                refuse(item.Span.Start, "What may be chosen in a :::poll is one line of words, the same for everybody: no link, no picture, no slot, and no list in the list.");
        if (list.Count is < LeastOptions or > MostOptions)
            refuse(container.Span.Start, $"A :::poll has {LeastOptions} to {MostOptions} things to choose from, and this one has {list.Count}.");
        return options;
    }

    private static void Add(List<string> options, string option, ListItemBlock item, Action<int, string> refuse)
    {
        if (option.Length > LongestOption)
            refuse(item.Span.Start, $"What may be chosen in a :::poll has at most {LongestOption} characters.");
        if (options.Contains(option, StringComparer.CurrentCultureIgnoreCase))
            refuse(item.Span.Start, $"\"{option}\" may be chosen twice in this :::poll. Take one out.");
        options.Add(option);
    }

    // Null where there is more than words.
    private static string? Plain(ContainerInline inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines.Descendants())
            switch (inline)
            {
                case LiteralInline literal:
                    text.Append(literal.Content.AsSpan());
                    break;
                case CodeInline code:
                    text.Append(code.Content);
                    break;
                case HtmlEntityInline entity:
                    text.Append(entity.Transcoded.AsSpan());
                    break;
                case LineBreakInline:
                    text.Append(' ');
                    break;
                case LinkInline or AutolinkInline or TagInline or HtmlInline:
                    return null;
            }

        var plain = text.ToString();
        return SlotTable.HasTokens(plain.Replace(SlotTable.Filler.ToString(), "", StringComparison.Ordinal)) ? null : UnsafeCharacters.Strip(plain).Trim();
    }

    [GeneratedRegex(@"\{(?<inside>[^{}]*)\}\s*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Settings();
}
