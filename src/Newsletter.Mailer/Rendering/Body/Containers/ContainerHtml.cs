using System.Globalization;
using Markdig.Renderers;
using Markdig.Renderers.Html;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>
/// A container as plain, meaningful HTML with classes. It goes through the sanitiser like everything else; what mail clients need beyond
/// that, <see cref="BodyShape"/> adds behind it.
/// </summary>
internal sealed class ContainerHtml(ContainerSetting setting) : HtmlObjectRenderer<EditionContainer>
{
    protected override void Write(HtmlRenderer renderer, EditionContainer container)
    {
        switch (container.Kind)
        {
            case ContainerKind.Summary:
                Box(renderer, container, "summary", "lead", container.Argument);
                break;
            case ContainerKind.Premium when setting.IsGate(container):
                Gate(renderer, container);
                break;
            case ContainerKind.Premium:
                Box(renderer, container, "premium", "label", setting.Words.Text("container.premium"));
                break;
            case ContainerKind.Ad:
                Box(renderer, container, "ad", "label", setting.AdLabel(container));
                break;
            case ContainerKind.Button when container is { Url: { } url, Count: 0 }:
                Button(renderer, url, container.Label!);
                break;
            case ContainerKind.Video when container.Url is { } url:
                Video(renderer, container, url);
                break;
            case ContainerKind.Quote:
                Quote(renderer, container);
                break;
            case ContainerKind.Divider when container.Argument.Length > 0:
                Paragraph(renderer, "ornament", container.Argument);
                break;
            case ContainerKind.Divider:
                renderer.WriteLine("<hr />");
                break;
            case ContainerKind.Poll when setting.PollOf(container) is { } poll:
                Poll(renderer, poll);
                break;
            case ContainerKind.Conversation:
                Conversation(renderer, container);
                break;
            default:
                renderer.WriteChildren(container);
                break;
        }
    }

    private static void Box(HtmlRenderer renderer, EditionContainer container, string @class, string labelClass, string label)
    {
        Open(renderer, "div", @class);
        if (label.Length > 0)
            Paragraph(renderer, labelClass, label);
        renderer.WriteChildren(container);
        renderer.WriteLine("</div>");
    }

    private void Gate(HtmlRenderer renderer, EditionContainer container)
    {
        Open(renderer, "div", "gate");
        Paragraph(renderer, "box-title", setting.Words.Text("container.gate.title"));
        if (container.Argument.Length > 0)
            Paragraph(renderer, null, container.Argument);
        if (setting.PremiumUrl is { } url)
            Button(renderer, url, setting.Words.Text("container.gate.link"));
        else
            Paragraph(renderer, null, setting.Words.Text(setting.OnWeb ? "web.premium.how" : "container.gate.reply"));
        renderer.WriteLine("</div>");
    }

    private void Conversation(HtmlRenderer renderer, EditionContainer container)
    {
        Open(renderer, "div", "conversation");
        Paragraph(renderer, "box-title", setting.ConversationTitle(container));
        if (container.IsEmpty)
            Paragraph(renderer, null, setting.ConversationText(container));
        else
            renderer.WriteChildren(container);
        if (container.Url is { } thread)
            Button(renderer, thread, setting.Words.Text("container.conversation.button"));
        renderer.WriteLine("</div>");
    }

    private void Poll(HtmlRenderer renderer, EditionPoll poll)
    {
        Open(renderer, "div", "poll");
        Paragraph(renderer, "box-title", poll.Question);
        for (var choice = 1; choice <= poll.Options.Count; choice++)
        {
            renderer.EnsureLine().Write("<p class=\"choice\">");
            if (setting.VoteUrl is { } url)
                OpenLink(renderer, string.Create(CultureInfo.InvariantCulture, $"{url}{poll.Link}.{choice}"), "choice");
            renderer.WriteEscape(poll.Options[choice - 1]).WriteLine(setting.VoteUrl is null ? "</p>" : "</a></p>");
        }

        if (setting.PollNote(poll) is { } note)
            Paragraph(renderer, "poll-note", note);
        renderer.WriteLine("</div>");
    }

    private void Video(HtmlRenderer renderer, EditionContainer container, string url)
    {
        Open(renderer, "div", "video");
        if (container.Picture is { } picture)
        {
            OpenLink(renderer, url, "video-picture");
            var alt = string.IsNullOrWhiteSpace(container.PictureAlt) ? setting.VideoLabel(container) : container.PictureAlt;
            renderer.Write("<img src=\"").WriteEscapeUrl(picture).Write("\" alt=\"").WriteEscape(alt).WriteLine("\" /></a>");
        }

        OpenLink(renderer, url, "video-bar");
        renderer.WriteEscape(setting.VideoLabel(container)).WriteLine("</a>");
        renderer.WriteLine("</div>");
        if (!container.IsEmpty)
        {
            Open(renderer, "div", "video-caption");
            renderer.WriteChildren(container);
            renderer.WriteLine("</div>");
        }
    }

    private static void Quote(HtmlRenderer renderer, EditionContainer container)
    {
        Open(renderer, "blockquote", "pull");
        renderer.WriteChildren(container);
        if (container.Argument.Length > 0)
            Paragraph(renderer, "cite", container.Argument);
        renderer.WriteLine("</blockquote>");
    }

    private static void Button(HtmlRenderer renderer, string url, string label)
    {
        Open(renderer, "div", "button-box");
        OpenLink(renderer, url, "button");
        renderer.WriteEscape(label).WriteLine("</a>").WriteLine("</div>");
    }

    private static void Open(HtmlRenderer renderer, string tag, string @class) =>
        renderer.EnsureLine().Write('<').Write(tag).Write(" class=\"").Write(@class).WriteLine("\">");

    private static void OpenLink(HtmlRenderer renderer, string url, string @class) =>
        renderer.Write("<a class=\"").Write(@class).Write("\" href=\"").WriteEscapeUrl(url).Write("\">");

    private static void Paragraph(HtmlRenderer renderer, string? @class, string text)
    {
        renderer.EnsureLine().Write("<p");
        if (@class is not null)
            renderer.Write(" class=\"").Write(@class).Write('"');
        renderer.Write('>').WriteEscape(text).WriteLine("</p>");
    }
}
