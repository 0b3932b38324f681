using BenchmarkDotNet.Attributes;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Filling;

/// <summary>The sample edition, with a part for premium readers (its own) and one for a segment: free, premium, and either with the segment's part.</summary>
[MemoryDiagnoser]
public class RenderBenchmarks
{
    private static readonly DateTimeOffset Sent = new(2031, 5, 6, 8, 0, 0, TimeSpan.Zero);

    private RenderRequest _request = null!;
    private CompiledMessage[] _messages = null!;

    [Params("plain", "magazine", "letter")]
    public string Theme { get; set; } = "plain";

    [GlobalSetup]
    public void Setup()
    {
        var source = SampleEdition.Source + "\n\n:::only keepers\nThe lamp room is open to you on Sunday.\n:::\n";
        var edition = ((EditionParseOutcome.Read)EditionDocument.Parse(source, FrontMatterRules.Edition)).Edition;
        _request = new RenderRequest
        {
            Edition = edition with { Theme = Theme },
            Newsletter = SampleEdition.Newsletter,
            PublicUrl = new Uri("https://news.example.com"),
            SentAt = Sent,
            Segments = [new Segment { Id = 1, Newsletter = SampleEdition.Newsletter.Slug, Slug = "keepers", Name = "Keepers", Filter = "tags has \"keeper\"", CreatedAt = Sent, UpdatedAt = Sent }],
        };
        _messages = RenderAndCompile();
    }

    /// <summary>Four variants, each in HTML and text and in text alone.</summary>
    [Benchmark]
    public CompiledMessage[] RenderAndCompile()
    {
        var headers = new IssueHeaders { IssueId = 1, Date = Sent };
        var rendered = ((RenderOutcome.Rendered)EditionRenderer.Render(_request)).Edition;
        return [.. rendered.Variants.SelectMany(variant => new[] { MessageCompiler.Compile(variant, headers), MessageCompiler.CompilePlain(variant, headers) })];
    }

    /// <summary>One reader's message.</summary>
    [Benchmark]
    public FilledMessage Fill() => _messages[0].Fill(BenchmarkIssue.SomeReader);
}
