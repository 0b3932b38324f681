using System.Text;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Wire;

namespace Newsletter.Mailer.Rendering;

/// <summary>An edition as some of its readers see it, rendered once for all of them: subject, HTML and text with slots for what differs from reader to reader.</summary>
public sealed class RenderedVariant
{
    internal RenderedVariant(RenderRequest request, int mask, string name, SlotTemplate subject, SlotTemplate html, SlotTemplate text, TextBody sentText)
    {
        Request = request;
        Mask = mask;
        Name = name;
        Subject = subject;
        Html = html;
        Text = text;
        SentText = sentText;
    }

    /// <summary>What it was rendered from.</summary>
    public RenderRequest Request { get; }

    /// <summary>Its readers' answers to <see cref="RenderedEdition.Questions"/>, a bit each.</summary>
    public int Mask { get; }

    /// <summary>For people and requests: <c>everyone</c>, <c>free</c>, <c>premium</c>, <c>premium+beta</c>, <c>others</c>.</summary>
    public string Name { get; }

    /// <summary>Bytes of the decoded HTML with every slot at its default: what Gmail clips near 102 KB.</summary>
    public int HtmlBytes => Encoding.UTF8.GetByteCount(Html.FillDefaults());

    internal SlotTemplate Subject { get; }

    internal SlotTemplate Html { get; }

    internal SlotTemplate Text { get; }

    /// <summary>The text as it goes into a message.</summary>
    internal TextBody SentText { get; }

    /// <summary>The subject as this reader sees it.</summary>
    public string FillSubject(Recipient reader) => Subject.Fill(reader).Trim();

    /// <summary>The whole HTML document as this reader sees it, with LF line ends.</summary>
    public string FillHtml(Recipient reader) => Html.Fill(reader);

    /// <summary>The text part as this reader sees it, with LF line ends.</summary>
    public string FillText(Recipient reader) => Text.Fill(reader);

    internal static string NameOf(IReadOnlyList<VariantQuestion> questions, int mask)
    {
        if (questions.Count == 0)
            return "everyone";
        var names = questions.Select((question, i) => (mask >> i & 1) == 1 ? question.Name : question is VariantQuestion.Premium ? "free" : null)
            .OfType<string>()
            .OrderBy(name => name is "free" or "premium" ? 0 : 1)
            .ToList();
        return names.Count == 0 ? "others" : string.Join('+', names);
    }
}
