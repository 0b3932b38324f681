using Markdig;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Parsers;
using Newsletter.Mailer.Rendering.Body.Containers;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>
/// The Markdown we read: CommonMark with tables, footnotes, task lists, bare links, callouts, struck and marked text, emoji by name, and
/// containers. Never generic attributes.
/// </summary>
internal static class MarkdownDialect
{
    /// <summary>Markdown for reading: raw HTML is text.</summary>
    public static MarkdownPipeline Reading { get; } = Common().DisableHtml().Build();

    /// <summary>The same for newsletters that allow raw HTML: it is kept, for the sanitiser.</summary>
    public static MarkdownPipeline ReadingHtml { get; } = Common().Build();

    /// <summary>The same with HTML and slots recognised, to find comments, tags and code before anything is cut.</summary>
    public static MarkdownPipeline Scouting { get; } = WithSlots(Common()).Build();

    private static MarkdownPipelineBuilder Common() => WithContainers(new MarkdownPipelineBuilder())
        .UsePreciseSourceLocation()
        .UsePipeTables()
        .UseFootnotes()
        .UseTaskLists()
        .UseAlertBlocks()
        .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough | EmphasisExtraOptions.Marked)
        .UseEmojiAndSmiley(enableSmileys: false)
        .UseAutoLinks();

    private static MarkdownPipelineBuilder WithContainers(MarkdownPipelineBuilder builder)
    {
        builder.BlockParsers.Insert(0, new ContainerParser());
        builder.BlockParsers.Insert(0, new TagBlockParser());
        builder.InlineParsers.Insert(0, new TagInlineParser());
        builder.BlockParsers.Replace<HtmlBlockParser>(new HtmlUpToFences());
        return builder;
    }

    private static MarkdownPipelineBuilder WithSlots(MarkdownPipelineBuilder builder)
    {
        builder.InlineParsers.Insert(0, new SlotInlineParser());
        return builder;
    }
}
