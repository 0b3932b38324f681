using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Syntax;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>A <c>:::name argument</c> … <c>:::</c> block.</summary>
internal sealed class EditionContainer(BlockParser parser) : ContainerBlock(parser)
{
    public required ContainerKind Kind { get; init; }

    /// <summary>The name as written.</summary>
    public required string Name { get; init; }

    /// <summary>What stands behind the name, trimmed; tokens of slots stand in it where slots stood.</summary>
    public required string Argument { get; set; }

    /// <summary>Where <see cref="Argument"/> begins; where it would, if it is empty.</summary>
    public required int ArgumentAt { get; init; }

    /// <summary>Colons of the opening fence.</summary>
    public required int FenceLength { get; init; }

    /// <summary>Where the line below the opening fence begins.</summary>
    public required int ContentStart { get; init; }

    /// <summary>Where the line of the closing fence begins; where the container ends, if it has none.</summary>
    public int ContentEnd { get; set; }

    /// <summary>Whether its fence was closed, or it needs none.</summary>
    public bool IsClosed { get; set; }

    /// <summary>A link that the argument is or the content holds: a button's, a video's.</summary>
    public string? Url { get; set; }

    /// <summary>The words on a button, a video's title.</summary>
    public string? Label { get; set; }

    /// <summary>A video's picture.</summary>
    public string? Picture { get; set; }

    /// <summary>What the picture shows, for who doesn't see it.</summary>
    public string? PictureAlt { get; set; }

    /// <summary>What a poll asks, its number still 0; null where it isn't one, or none that can be asked.</summary>
    public EditionPoll? Poll { get; set; }

    /// <summary>Who sees it; null: everyone.</summary>
    public ContainerCondition? Condition { get; set; }

    /// <summary>Whether nothing but blanks and comments is in it.</summary>
    public bool IsEmpty => Count == 0 || this.All(block => block is LinkReferenceDefinitionGroup or BlankLineBlock);
}

/// <summary>A closing fence where nothing is open: an error.</summary>
internal sealed class StrayFence(BlockParser parser) : LeafBlock(parser)
{
    /// <summary>Its colons.</summary>
    public required StringSlice Fence { get; init; }
}
