namespace Newsletter.Mailer.Rendering;

/// <summary>An edition rendered once for each kind of reader who sees something different; within each, slots for what differs from reader to reader.</summary>
public sealed class RenderedEdition
{
    private readonly Func<WebEdition> _web;

    internal RenderedEdition(
        RenderRequest request, IReadOnlyList<EditionLink> links, IReadOnlyList<string> measuredLinks, IReadOnlyList<VariantQuestion> questions, IReadOnlyList<EditionPoll> polls, IReadOnlyList<RenderedVariant> variants, Func<WebEdition> web)
    {
        Request = request;
        Links = links;
        MeasuredLinks = measuredLinks;
        Questions = questions;
        Polls = polls;
        Variants = variants;
        _web = web;
    }

    /// <summary>What it was rendered from.</summary>
    public RenderRequest Request { get; }

    /// <summary>The links of the edition's own text, in order, whoever sees them; the theme's are not among them.</summary>
    public IReadOnlyList<EditionLink> Links { get; }

    /// <summary>Where those lead whose clicks are counted, by their number from 1; the same address once. Empty where none are.</summary>
    public IReadOnlyList<string> MeasuredLinks { get; }

    /// <summary>What decides which variant a reader gets: bit n of <see cref="RenderedVariant.Mask"/> is the answer to question n.</summary>
    public IReadOnlyList<VariantQuestion> Questions { get; }

    /// <summary>What it asks its readers, whoever sees it.</summary>
    public IReadOnlyList<EditionPoll> Polls { get; }

    /// <summary>Every combination of answers by its mask, from 0 (no to all: what somebody sees of whom nothing is known) to all yes.</summary>
    public IReadOnlyList<RenderedVariant> Variants { get; }

    /// <summary>Bytes of the longest variant's HTML.</summary>
    public int HtmlBytes => Variants.Max(variant => variant.HtmlBytes);

    /// <summary>What this reader sees.</summary>
    public RenderedVariant VariantFor(Recipient reader)
    {
        var mask = 0;
        for (var i = 0; i < Questions.Count; i++)
            mask |= Questions[i].IsTrueOf(reader) ? 1 << i : 0;
        return Variants[mask];
    }

    /// <summary>The subject as this reader sees it.</summary>
    public string FillSubject(Recipient reader) => VariantFor(reader).FillSubject(reader);

    /// <summary>The whole HTML document as this reader sees it, with LF line ends.</summary>
    public string FillHtml(Recipient reader) => VariantFor(reader).FillHtml(reader);

    /// <summary>The text part as this reader sees it, with LF line ends.</summary>
    public string FillText(Recipient reader) => VariantFor(reader).FillText(reader);

    /// <summary>What everyone may see of it on the web: the variant of whom nothing is known.</summary>
    public WebEdition ToWeb() => _web();
}
