using System.Collections.Frozen;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>How many elements are open, as far as their tags tell. Those that HTML closes by itself don't count.</summary>
internal struct TagDepth
{
    private static readonly FrozenSet<string> Uncounted = FrozenSet.ToFrozenSet(
        [
            // Without an end tag (HTML Living Standard §13.1.2), and with one that may be left out (§13.1.2.4).
            "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
            "body", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr",
        ],
        StringComparer.OrdinalIgnoreCase);

    private int _open;

    /// <summary>Takes a tag's beginning, <c>&lt;div</c> or <c>&lt;/div</c>; how many are open then.</summary>
    public int Take(ReadOnlySpan<char> tag)
    {
        var closes = tag.StartsWith("</");
        if (!Uncounted.GetAlternateLookup<ReadOnlySpan<char>>().Contains(tag[(closes ? 2 : 1)..]))
            _open = closes ? Math.Max(0, _open - 1) : _open + 1;
        return _open;
    }
}
