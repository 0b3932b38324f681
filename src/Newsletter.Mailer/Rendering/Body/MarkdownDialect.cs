using Markdig;
using Markdig.Extensions.EmphasisExtras;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>The Markdown we read: CommonMark with tables, footnotes, task lists, bare links, callouts, struck and marked text. Never generic attributes.</summary>
internal static class MarkdownDialect
{
    /// <summary>Markdown for reading: raw HTML is text.</summary>
    public static MarkdownPipeline Reading { get; } = Common().DisableHtml().Build();

    /// <summary>The same with HTML and slots recognised, to find comments, tags and code before anything is cut.</summary>
    public static MarkdownPipeline Scouting { get; } = WithSlots(Common()).Build();

    private static MarkdownPipelineBuilder Common() => new MarkdownPipelineBuilder()
        .UsePreciseSourceLocation()
        .UsePipeTables()
        .UseFootnotes()
        .UseTaskLists()
        .UseAlertBlocks()
        .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough | EmphasisExtraOptions.Marked)
        .UseAutoLinks();

    private static MarkdownPipelineBuilder WithSlots(MarkdownPipelineBuilder builder)
    {
        builder.InlineParsers.Insert(0, new SlotInlineParser());
        return builder;
    }
}
