using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering;

/// <summary>An edition rendered once for everyone: subject, HTML and text with slots for what differs from reader to reader.</summary>
public sealed class RenderedEdition
{
    internal RenderedEdition(RenderRequest request, IReadOnlyList<EditionLink> links, SlotTemplate subject, SlotTemplate html, SlotTemplate text)
    {
        Request = request;
        Links = links;
        Subject = subject;
        Html = html;
        Text = text;
    }

    /// <summary>What it was rendered from.</summary>
    public RenderRequest Request { get; }

    /// <summary>The links of the edition's own text, in order; the theme's are not among them.</summary>
    public IReadOnlyList<EditionLink> Links { get; }

    /// <summary>Bytes of the decoded HTML with every slot at its default: what Gmail clips near 102 KB.</summary>
    public int HtmlBytes => Encoding.UTF8.GetByteCount(Html.FillDefaults());

    internal SlotTemplate Subject { get; }

    internal SlotTemplate Html { get; }

    internal SlotTemplate Text { get; }

    /// <summary>The subject as this reader sees it.</summary>
    public string FillSubject(Recipient reader) => Subject.Fill(reader).Trim();

    /// <summary>The whole HTML document as this reader sees it, with LF line ends.</summary>
    public string FillHtml(Recipient reader) => Html.Fill(reader);

    /// <summary>The text part as this reader sees it, with LF line ends.</summary>
    public string FillText(Recipient reader) => Text.Fill(reader);
}
