namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>Whether the tags of one place, in their order, make whole choices.</summary>
internal sealed class TagNesting
{
    private readonly List<(SlotSource Source, SlotTagKind Kind, int Ways, bool HasElse)> _open = [];

    /// <summary>Takes the next tag; says what is wrong with its standing here, or null.</summary>
    public string? Take(SlotSource source, SlotTag tag)
    {
        if (tag.Opens)
        {
            _open.Add((source, tag.Kind, 1, false));
            return _open.Count > SlotTag.MostNested ? $"{source.Text} stands in more than {SlotTag.MostNested} others. Join conditions with \"and\"." : null;
        }

        if (_open.Count == 0)
            return $"{source.Text} has no {{% if … %}} before it in the same place. Both belong on lines of their own, or into the same paragraph.";

        var (opened, kind, ways, hasElse) = _open[^1];
        if (tag.Closes)
        {
            _open.RemoveAt(_open.Count - 1);
            return tag.Kind == (kind == SlotTagKind.If ? SlotTagKind.EndIf : SlotTagKind.EndUnless)
                ? null
                : $"{source.Text} can't end {opened.Text}. Write {(kind == SlotTagKind.If ? "{% endif %}" : "{% endunless %}")}.";
        }

        if (hasElse)
            return $"{source.Text} comes after {{% else %}}, which is the last way. Put it before.";
        _open[^1] = (opened, kind, ways + 1, tag.Kind == SlotTagKind.Else);
        return ways + 1 > SlotTag.MostWays ? $"{source.Text} makes more than {SlotTag.MostWays} ways of one choice. End it before, and begin another." : null;
    }

    /// <summary>The tags that nothing ends.</summary>
    public IEnumerable<SlotSource> Unended => _open.Select(open => open.Source);

    /// <summary>What to say of a tag that nothing ends.</summary>
    public static string Missing(SlotSource tag) =>
        $"{tag.Text} is not ended in the same place. Write {{% {(SlotTag.Read(tag.Text)?.Kind == SlotTagKind.Unless ? "endunless" : "endif")} %}} on a line of its own where this stands on one, else into the same paragraph.";
}
