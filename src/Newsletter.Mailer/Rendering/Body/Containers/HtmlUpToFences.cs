using Markdig.Parsers;
using Markdig.Syntax;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>An HTML block ends where a container's fence stands: what is for some readers must not become part of it, and so everybody's.</summary>
internal sealed class HtmlUpToFences : HtmlBlockParser
{
    public override BlockState TryContinue(BlockProcessor processor, Block block) =>
        block is HtmlBlock { Type: HtmlBlockType.InterruptingBlock or HtmlBlockType.NonInterruptingBlock } && processor.Line.Match(":::")
            ? BlockState.None
            : base.TryContinue(processor, block);
}
