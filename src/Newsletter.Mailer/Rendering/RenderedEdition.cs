namespace Newsletter.Mailer.Rendering;

/// <summary>An edition rendered once for everyone: subject, HTML and text with slots for what differs from reader to reader.</summary>
public sealed class RenderedEdition
{
    /// <summary>Bytes of the decoded HTML with every slot at its default: what Gmail clips near 102 KB.</summary>
    public int HtmlBytes => throw new NotSupportedException();

    /// <summary>The subject as this reader sees it.</summary>
    public string FillSubject(Recipient reader) => throw new NotSupportedException();

    /// <summary>The whole HTML document as this reader sees it.</summary>
    public string FillHtml(Recipient reader) => throw new NotSupportedException();

    /// <summary>The text part as this reader sees it, with LF line ends.</summary>
    public string FillText(Recipient reader) => throw new NotSupportedException();
}
