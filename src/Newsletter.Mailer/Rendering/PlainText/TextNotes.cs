using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Targets;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>The numbered links of a section: <c>[3]</c> in the text, the address below it.</summary>
internal sealed class TextNotes(LinkTargets targets)
{
    private readonly List<(int Number, string Url)> _pending = [];
    private int _last;

    public int Add(string url, string words)
    {
        var placed = Target(url, words);
        var known = _pending.Find(note => note.Url == placed);
        if (known.Number > 0)
            return known.Number;

        _pending.Add((++_last, placed));
        return _last;
    }

    /// <summary>A link's words with its number; the address alone where that is what the words say, or there are none.</summary>
    public string Named(string label, string url) =>
        label.Trim() == url ? Target(url, label)
        : label.Trim().Length == 0 ? Target(url)
        : $"{label} [{Add(url, label)}]";

    /// <summary>The notes since the last call.</summary>
    public IReadOnlyList<string> Take()
    {
        var lines = _pending.ConvertAll(note => $"[{note.Number}] {note.Url}");
        _pending.Clear();
        return lines;
    }

    /// <summary>Where a link leads, slots in it marked as parts of it; one that is the whole address stays as it is.</summary>
    /// <param name="url">As written.</param>
    /// <param name="words">What is shown of it in the HTML.</param>
    public string Target(string url, string? words = null) => PlaceSlots(targets.For(url, words));

    private static string PlaceSlots(string url) =>
        url.Length == 0 ? url : url[0] + SlotTable.Place(url[1..], SlotEscape.UrlPart);
}
