using System.Text.RegularExpressions;
using Markdig.Extensions.Footnotes;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>What each container must have. Reads what it needs out of the argument and the content; what is missing is an error with its place.</summary>
/// <param name="edition">Where another tool wrote it, errors are warnings, and the content is shown as it is.</param>
/// <param name="segments">The newsletter's; null accepts every name, for a file that is looked at where there are none.</param>
/// <param name="links">Where links may lead.</param>
/// <param name="lines">Places in the file.</param>
/// <param name="problems">Gathers what is wrong.</param>
internal sealed partial class ContainerRules(
    EditionDocument edition, IReadOnlyList<Segment>? segments, LinkRules links, LineIndex lines, List<RenderProblem> problems)
{
    /// <summary>Where the containers' links lead, in the order of the text.</summary>
    public List<EditionLink> Links { get; } = [];

    public void Check(StrayFence fence) =>
        Refuse(fence.Span.Start, $"Nothing is open that {fence.Fence} could close. Take it out; what belongs to a :::button, :::video or :::conversation stands right below it, without a blank line between.");

    /// <summary>
    /// Footnotes are defined at the end of a text: in a container, list or quote, Markdig takes <c>[^1]: Text</c> for where a link leads.
    /// </summary>
    public void CheckFootnotes(MarkdownDocument document)
    {
        foreach (var definition in document.Descendants<LinkReferenceDefinition>()
            .Where(definition => definition is not FootnoteLinkReferenceDefinition && definition.Label?.StartsWith('^') == true))
            Refuse(definition.Span.Start, $"The footnote [{Shown(definition.Label!)}] is defined in a container, list or quote. Put its text at the end of the edition; who doesn't see the place it is for doesn't see it either.");
    }

    /// <summary>What was meant as a container and is none.</summary>
    public void CheckLost(MarkdownDocument document, string source)
    {
        foreach (var code in LostContainers.OpenFences(document))
            Refuse(code.Span.Start, $"The code that {new string(code.FencedChar, code.OpeningFencedCharCount)} opens here is never closed: all that follows is shown as code, to everybody. Close it with the same on a line of its own.");
        foreach (var (at, name) in LostContainers.Lines(document, source))
        {
            var position = lines.At(at);
            problems.Add(new RenderProblem(
                RenderSeverity.Warning, position.Line, position.Column,
                $"This looks like :::{name} and isn't read as one, so that what follows is shown to everybody. Three colons stand at the beginning of their line, with nothing before them; where it is meant as text, put it in backticks."));
        }
    }

    public void Check(EditionContainer container)
    {
        if (!container.IsClosed)
            Refuse(container.Span.Start, $":::{container.Name} is opened here and never closed. End it with a line of {new string(':', container.FenceLength)}.");
        switch (container.Kind)
        {
            case ContainerKind.Unknown:
                Refuse(container.Span.Start, $"There is no container :::{Shown(container.Name)}. {ContainerNames.Suggest(container.Name)}");
                break;
            case ContainerKind.Divider when !container.IsEmpty:
                Refuse(container.Span.Start, "A :::divider holds nothing. Write it on a line alone.");
                break;
            case ContainerKind.Button:
                ReadButton(container);
                break;
            case ContainerKind.Video:
                ReadVideo(container);
                break;
            case ContainerKind.Poll:
                container.Poll = PollRules.Read(container, Refuse);
                break;
            case ContainerKind.Only:
                ReadOnly(container);
                RefuseEmpty(container);
                break;
            case ContainerKind.Conversation:
                ReadAddress(container);
                if (container.Url is not null)
                    AllowLink(container);
                break;
            case ContainerKind.Premium:
                container.Condition = new ContainerCondition(new VariantQuestion.Premium(), true);
                RefuseEmpty(container);
                break;
            case ContainerKind.Summary or ContainerKind.Quote or ContainerKind.Ad:
                RefuseEmpty(container);
                break;
        }
    }

    private void RefuseEmpty(EditionContainer container)
    {
        if (container.IsEmpty)
            Refuse(container.Span.Start, $":::{container.Name} is empty. Write between it and its ::: what it is to show, or take it out.");
    }

    private void ReadButton(EditionContainer container)
    {
        if (MarkdownLink().Match(container.Argument) is { Success: true } written)
            (container.Url, container.Label) = (written.Groups["url"].Value, written.Groups["label"].Value.Trim());
        else
            ReadAddress(container);
        var inside = container.Descendants<LinkInline>().FirstOrDefault(link => !link.IsImage);
        var content = TextOf(container);
        if (container.Url is not null)
        {
            container.Label = string.IsNullOrEmpty(container.Label) ? content : container.Label;
            AllowLink(container);
        }
        else if (inside is not null)
            (container.Url, container.Label) = (inside.Url, TextOf(inside));

        if (string.IsNullOrEmpty(container.Url) || string.IsNullOrWhiteSpace(container.Label))
            Refuse(container.ArgumentAt, "A :::button needs an address and words: :::button https://example.com/join Join us.");
        else if (container.Count > 1 || content.Length > 0 && content != container.Label || inside is not null && container.Argument.Length > 0)
            Refuse(container.Span.Start, "A :::button holds one link and nothing else. Put the rest below it.");
        else
            container.Clear();
    }

    private void ReadVideo(EditionContainer container)
    {
        ReadAddress(container);
        if (container.Url is null)
        {
            Refuse(container.ArgumentAt, "A :::video needs the address of the video: :::video https://example.com/watch What it shows.");
            return;
        }

        AllowLink(container);
        if (container.Descendants<LinkInline>().FirstOrDefault(link => link.IsImage) is { } picture)
        {
            (container.Picture, container.PictureAlt) = (picture.Url, TextOf(picture));
            var holder = picture.Parent;
            picture.Remove();
            if (holder is { FirstChild: null, ParentBlock: { } paragraph })
                paragraph.Parent?.Remove(paragraph);
        }
        else
            container.Picture = VideoThumbnail.Of(container.Url);
    }

    private void ReadOnly(EditionContainer container)
    {
        var (name, answer) = container.Argument.StartsWith("not ", StringComparison.Ordinal)
            ? (container.Argument[4..].Trim(), false)
            : (container.Argument, true);
        if (name.Length == 0)
        {
            Refuse(container.ArgumentAt, "An :::only needs the segment of those who see it: :::only beta-readers, or :::only not beta-readers.");
            return;
        }

        var known = segments is null ? MadeUp(name) : segments.FirstOrDefault(segment => segment.IsCalled(name));
        if (known is null)
            Refuse(container.ArgumentAt, $"The newsletter has no segment '{Shown(name)}'. {Nearest(name)}");
        else
            container.Condition = new ContainerCondition(new VariantQuestion.InSegment(known), answer);
    }

    // Where a file is looked at without its newsletter, every segment may be there.
    private static Segment MadeUp(string name) => new()
    {
        Id = 0,
        Newsletter = "",
        Slug = EditionSlug.FromTitle(name) ?? "segment",
        Name = name,
        Filter = "",
        CreatedAt = default,
        UpdatedAt = default,
    };

    private string Nearest(string name) =>
        (NearestName.To(name, segments!.Select(segment => segment.Slug)) ?? NearestName.To(name, segments!.Select(segment => segment.Name))) is { } nearest
            ? $"Did you mean '{nearest}'?"
            : "Make it at /api/segments, or write one that is there.";

    private static void ReadAddress(EditionContainer container)
    {
        var words = container.Argument.Split((char[]?)null, 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Address().IsMatch(words[0]))
            return;
        container.Url = words[0];
        container.Label = words.Length > 1 ? words[1] : null;
    }

    private void AllowLink(EditionContainer container)
    {
        var at = lines.At(container.ArgumentAt);
        if (links.Allows(container.Url, at))
            Links.Add(links.Kept(container.Url!, at));
        else
            Refuse(container.ArgumentAt, $"A :::{container.Name} that leads nowhere is of no use. Write a whole address, such as https://example.com/.");
    }

    private static string TextOf(ContainerInline inline) => string.Concat(inline.Descendants<LiteralInline>().Select(literal => literal.Content.ToString())).Trim();

    private static string TextOf(ContainerBlock block) =>
        string.Concat(block.Descendants<ParagraphBlock>().Where(paragraph => paragraph.Inline is not null).Select(paragraph => TextOf(paragraph.Inline!)));

    private void Refuse(int at, string message)
    {
        var position = lines.At(at);
        problems.Add(new RenderProblem(
            edition.IsForeign ? RenderSeverity.Warning : RenderSeverity.Error, position.Line, position.Column,
            edition.IsForeign ? $"What is in it is shown as it is: {message}" : message));
    }

    private static string Shown(string text)
    {
        var clean = UnsafeCharacters.Strip(text);
        return clean.Length <= 60 ? clean : clean[..60] + "…";
    }

    [GeneratedRegex(@"^\[(?<label>[^\[\]]+)\]\(\s*<?(?<url>[^\s()<>]+)>?\s*\)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex MarkdownLink();

    // A scheme, or a slot that is a whole address.
    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]*:|//|/|www\\.|\uFDD0)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Address();
}
