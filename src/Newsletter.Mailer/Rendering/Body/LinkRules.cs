using System.Text.RegularExpressions;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>Where a link may lead, and where in it a slot may stand.</summary>
internal sealed partial class LinkRules(SlotTable table, SlotReader reader, SourcePosition body, PictureBook? pictures, List<RenderProblem> problems)
{
    /// <summary>Where the Markdown begins: the place of what has none of its own.</summary>
    public SourcePosition Body { get; } = body;

    /// <summary>Whether the link is kept. One that isn't is warned about and becomes plain text.</summary>
    public bool Allows(string? url, SourcePosition at) =>
        !string.IsNullOrWhiteSpace(url) && MayHoldSlots(url) && IsReachable(url, at, Link(), "http, https and mailto");

    /// <summary>Whether a link of raw HTML is kept; what is wrong with one that isn't is said where it is taken out.</summary>
    public bool IsKept(string? url) =>
        !string.IsNullOrWhiteSpace(url) && MayHoldSlots(url) && (url[0] == SlotTable.Open || LeadsSomewhere(url, Link()));

    /// <summary>A kept link as its author wrote it.</summary>
    public EditionLink Kept(string url, SourcePosition at) => new(table.Restore(url), at.Line, at.Column);

    /// <summary>Where the image is had: mail has no other way to it than the web. Null where it isn't kept.</summary>
    public string? AddressOfImage(string? url, SourcePosition at)
    {
        if (pictures is not null && PictureName.IsPath(url) && !SlotTable.HasTokens(url))
            return AddressOfPicture(pictures, url!, at);
        return !string.IsNullOrWhiteSpace(url) && MayHoldSlots(url) && IsReachable(url, at, Image(), "http and https") ? url : null;
    }

    private string? AddressOfPicture(PictureBook book, string path, SourcePosition at)
    {
        var problem = PictureName.TryRead(path, out var name);
        if (problem is not null)
            problem = $"\"{Shown(path)}\" is no path to a picture. {problem}";
        else if (book.AddressOf(name, out problem) is { } address)
            return address;
        problems.Add(book.IsStrict
            ? new RenderProblem(RenderSeverity.Error, at.Line, at.Column, problem!)
            : new RenderProblem(RenderSeverity.Warning, at.Line, at.Column, $"{problem} It is left out."));
        return null;
    }

    private bool IsReachable(string url, SourcePosition at, Regex allowed, string schemes)
    {
        if (url[0] == SlotTable.Open)
            return true;

        if (LeadsSomewhere(url, allowed))
            return true;

        problems.Add(new RenderProblem(
            RenderSeverity.Warning, at.Line, at.Column,
            $"\"{Shown(url)}\" leads nowhere from a mail, so it is shown without the link. Write the whole address; allowed are {schemes}."));
        return false;
    }

    private bool LeadsSomewhere(string url, Regex allowed) =>
        allowed.IsMatch(url) && Uri.TryCreate(table.Restore(Marks().Replace(url, "x")), UriKind.Absolute, out _);

    private string Shown(string url)
    {
        var shown = UnsafeCharacters.Strip(table.Restore(url));
        return shown.Length <= 80 ? shown : shown[..80] + "…";
    }

    // A reader's value must never choose the host that a link leads to.
    private bool MayHoldSlots(string url)
    {
        var allowedFrom = AfterHost().Match(url) is { Success: true } host ? host.Length : url.Length;
        for (var i = 0; i < url.Length; i++)
        {
            if (!table.TryRead(url, i, out var slot, out _, out var end))
                continue;
            var problem = slot.IsTag ? "A tag can't stand in a link's address. Put the whole link between the tags." : i == 0 || i >= allowedFrom ? WholeUrlProblem(slot, i) : "A slot can't stand before the end of a link's host: a reader's value would choose where the link leads. Put it into the path or behind the question mark.";
            if (problem is not null)
            {
                reader.Refuse(slot, (0, $"{slot.Text}: {problem}"));
                return false;
            }

            i = end;
        }

        return true;
    }

    private static string? WholeUrlProblem(SlotSource slot, int index) =>
        index > 0 || SlotReader.IsUrl(slot) ? null : "Only a slot that is a whole address, such as {{ links.unsubscribe }}, can begin a link.";

    [GeneratedRegex("^(https?://[^/?#]|mailto:)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("^https?://[^/?#]", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Image();

    [GeneratedRegex("^(https?://[^/?#\uFDD0]+[/?#]|mailto:|\uFDD0[^\uFDD1]*\uFDD1)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex AfterHost();

    [GeneratedRegex("\uFDD0[^\uFDD1]*\uFDD1", RegexOptions.CultureInvariant)]
    private static partial Regex Marks();
}
