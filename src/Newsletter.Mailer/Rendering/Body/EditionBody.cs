using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>An edition's Markdown, prepared once and read as a whole; and again without what some readers don't see.</summary>
internal sealed class EditionBody
{
    private readonly RenderRequest _request;
    private readonly SlotTable _table;
    private readonly string _prepared;
    private readonly LineIndex _lines;
    private readonly SlotReader _reader;

    private EditionBody(RenderRequest request, string prepared, SlotTable table, SlotReader reader, List<RenderProblem> problems)
    {
        _request = request;
        _prepared = prepared;
        _table = table;
        _reader = reader;
        _lines = new LineIndex(request.Edition.Body, request.Edition.BodyLine);
        Whole = Read(prepared, problems);
        TagPlaces.Check(Whole.Document, table, reader);
    }

    /// <summary>Everything, whoever sees it: what is wrong anywhere is found here.</summary>
    public BodyTree Whole { get; }

    /// <summary>For the links of raw HTML, which only the sanitiser's document shows; null where raw HTML is off.</summary>
    public LinkRules? RawLinks { get; private set; }

    public static EditionBody Read(RenderRequest request, SlotTable table, SlotReader reader, List<RenderProblem> problems)
    {
        var prepared = BodySource.Prepare(request.Edition, request.Newsletter.RawHtml, table, problems);
        return new EditionBody(request, prepared, table, reader, problems);
    }

    /// <summary>What readers see of whom these conditions are true.</summary>
    public BodyTree For(Func<ContainerCondition, bool> isTrue)
    {
        var text = VariantSource.Of(_prepared, Whole, isTrue);
        // What is wrong in it has been said of the whole.
        return text == _prepared ? Whole : Read(text, []);
    }

    private BodyTree Read(string text, List<RenderProblem> problems)
    {
        var keepsHtml = _request.Newsletter.RawHtml;
        var rules = new LinkRules(_table, _reader, new SourcePosition(_request.Edition.BodyLine, 1), _request.Pictures, problems);
        RawLinks ??= keepsHtml ? rules : null;
        var containers = new ContainerRules(_request.Edition, _request.Segments, rules, _lines, problems);
        return BodyTree.Read(text, keepsHtml ? MarkdownDialect.ReadingHtml : MarkdownDialect.Reading, _table, rules, containers, _lines);
    }
}
