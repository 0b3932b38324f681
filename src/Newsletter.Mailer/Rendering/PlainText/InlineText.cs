using System.Text;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Extensions.Footnotes;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>A run of Markdown as a person would type it into a mail.</summary>
internal sealed class InlineText(TextNotes notes, Phrases words, LinkRules? rawLinks)
{
    private (string Url, int Start)? _rawLink;

    public string Of(ContainerInline? container)
    {
        var text = new StringBuilder();
        Append(container, text);
        // One that nothing ended is ended by its block.
        EndRawLink(text);
        return text.ToString();
    }

    private void Append(ContainerInline? container, StringBuilder text)
    {
        if (container is null)
            return;
        foreach (var inline in container)
            Append(inline, text);
    }

    private void Append(Inline inline, StringBuilder text)
    {
        switch (inline)
        {
            case LiteralInline literal:
                text.Append(literal.Content.AsSpan());
                break;
            case TagInline tag:
                text.Append(tag.Token);
                break;
            case CodeInline code:
                text.Append('`').Append(code.Content).Append('`');
                break;
            case LineBreakInline line:
                text.Append(line.IsHard ? '\n' : ' ');
                break;
            case HtmlEntityInline entity:
                text.Append(entity.Transcoded.AsSpan());
                break;
            case AutolinkInline auto:
                text.Append(notes.Target(auto.Url, auto.Url));
                break;
            case FootnoteLink footnote:
                text.Append(footnote.IsBackLink ? "" : $" [{words.Text("text.note")} {footnote.Footnote.Order}]");
                break;
            case LinkInline { IsImage: true } image:
                AppendImage(image, text);
                break;
            case LinkInline link:
                AppendLink(link, text);
                break;
            case EmphasisInline emphasis:
                AppendEmphasis(emphasis, text);
                break;
            case HtmlInline html:
                AppendTag(html.Tag, text);
                break;
            case ContainerInline other:
                Append(other, text);
                break;
        }
    }

    private void AppendTag(string tag, StringBuilder text)
    {
        if (tag.StartsWith("<br", StringComparison.OrdinalIgnoreCase))
            text.Append('\n');
        else if (tag.StartsWith("</a", StringComparison.OrdinalIgnoreCase))
            EndRawLink(text);
        else if (rawLinks is not null && RawLink.Target(tag, rawLinks) is { } url)
        {
            EndRawLink(text);
            _rawLink = (url, text.Length);
        }
    }

    private void EndRawLink(StringBuilder text)
    {
        if (_rawLink is not var (url, start))
            return;
        _rawLink = null;
        var label = text.ToString(start, text.Length - start);
        text.Length = start;
        text.Append(notes.Named(label, url));
    }

    private void AppendEmphasis(EmphasisInline emphasis, StringBuilder text)
    {
        var mark = (emphasis.DelimiterChar, emphasis.DelimiterCount) switch
        {
            ('~', _) => "~~",
            ('=', _) => "",
            (_, 2) => "*",
            _ => "_",
        };
        text.Append(mark);
        Append((ContainerInline)emphasis, text);
        text.Append(mark);
    }

    private void AppendImage(LinkInline image, StringBuilder text)
    {
        var alt = new InlineText(notes, words, rawLinks).Of(image).Trim();
        text.Append(alt.Length == 0 ? "" : $"[{words.Text("text.image")}: {alt}]");
        if (!string.IsNullOrWhiteSpace(image.Title))
            text.Append(alt.Length == 0 ? "" : " ").Append(image.Title);
    }

    private void AppendLink(LinkInline link, StringBuilder text)
    {
        var url = link.Url ?? "";
        var start = text.Length;
        Append((ContainerInline)link, text);
        var label = text.ToString(start, text.Length - start);
        if (label == url || "mailto:" + label == url)
        {
            text.Length = start;
            text.Append(label.Contains(':', StringComparison.Ordinal) ? notes.Target(label, label) : label);
        }
        else if (label.Trim().Length == 0)
            text.Append(notes.Target(url));
        else
            text.Append(" [").Append(notes.Add(url, label)).Append(']');
    }
}
