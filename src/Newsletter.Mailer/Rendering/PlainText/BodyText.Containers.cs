using System.Globalization;
using Newsletter.Mailer.Rendering.Body.Containers;

namespace Newsletter.Mailer.Rendering.PlainText;

internal sealed partial class BodyText
{
    private List<string> Container(EditionContainer container, int width)
    {
        var words = _setting.Words;
        return container.Kind switch
        {
            ContainerKind.Summary => Headed(container.Argument, container, width),
            ContainerKind.Premium when _setting.IsGate(container) => Gate(container, width),
            ContainerKind.Premium => Headed($"[{words.Text("container.premium")}]", container, width),
            ContainerKind.Ad => Framed(_setting.AdLabel(container), container, width),
            ContainerKind.Button when container is { Url: { } url, Count: 0 } => Link(container.Label!, url, width),
            ContainerKind.Video when container.Url is { } url => Video(container, url, width),
            ContainerKind.Quote => Quoted(container, width),
            ContainerKind.Divider => [Centred(container.Argument.Length > 0 ? container.Argument : "* * *")],
            ContainerKind.Poll when _setting.PollOf(container) is { } poll => Poll(poll, width),
            ContainerKind.Conversation => Conversation(container, width),
            _ => Blocks(container, width, isTight: false),
        };
    }

    private List<string> Poll(EditionPoll poll, int width)
    {
        List<string> lines = [.. LineWrap.Flow(poll.Question, width), ""];
        for (var choice = 1; choice <= poll.Options.Count; choice++)
            lines.AddRange(_setting.VoteUrl is { } url
                ? Link(poll.Options[choice - 1], string.Create(CultureInfo.InvariantCulture, $"{url}{poll.Link}.{choice}"), width)
                : LineWrap.Wrap("- " + poll.Options[choice - 1], width));
        if (_setting.PollNote(poll) is { } note)
            lines.AddRange(["", .. LineWrap.Flow(note, width)]);
        return lines;
    }

    private List<string> Headed(string title, EditionContainer container, int width)
    {
        var content = Blocks(container, width, isTight: false);
        return title.Length == 0 ? content : [.. LineWrap.Flow(title, width), "", .. content];
    }

    private List<string> Gate(EditionContainer container, int width)
    {
        List<string> lines = [Frame(width), .. LineWrap.Flow(_setting.Words.Text("container.gate.title"), width)];
        if (container.Argument.Length > 0)
            lines.AddRange(LineWrap.Flow(container.Argument, width));
        lines.AddRange(_setting.PremiumUrl is { } url
            ? Link(_setting.Words.Text("container.gate.link"), url, width)
            : LineWrap.Flow(_setting.Words.Text("container.gate.reply"), width));
        lines.Add(lines[0]);
        return lines;
    }

    // In quotes within quotes there may be no room left.
    private static string Frame(int width) => Rule('-', [new string('-', Math.Max(3, width))]);

    private List<string> Framed(string label, EditionContainer container, int width)
    {
        var rule = Frame(width);
        return [rule, .. LineWrap.Flow(label, width), "", .. Blocks(container, width, isTight: false), rule];
    }

    private List<string> Video(EditionContainer container, string url, int width)
    {
        List<string> lines = Link($"[{_setting.Words.Text("text.video")}] {_setting.VideoLabel(container)}", url, width);
        if (!container.IsEmpty)
            lines.AddRange(["", .. Blocks(container, width, isTight: false)]);
        return lines;
    }

    private List<string> Quoted(EditionContainer container, int width)
    {
        var lines = Blocks(container, width - 2, isTight: false);
        if (container.Argument.Length > 0)
            lines.AddRange(["", .. LineWrap.Flow("-- " + container.Argument, width - 2)]);
        return lines.ConvertAll(InQuote);
    }

    private List<string> Conversation(EditionContainer container, int width)
    {
        var text = container.IsEmpty
            ? LineWrap.Flow(_setting.ConversationText(container), width)
            : Blocks(container, width, isTight: false);
        return [.. LineWrap.Flow(_setting.ConversationTitle(container), width), "", .. text, .. container.Url is { } thread ? Link(_setting.Words.Text("container.conversation.button"), thread, width) : []];
    }

    // An address has a line of its own, so that no mail program breaks it.
    private List<string> Link(string label, string url, int width) => [.. LineWrap.Flow(label + ":", width), _notes.Target(url, label)];
}
