using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.PlainText;

/// <summary>
/// Puts the tags between the blocks of one box so that a way that isn't taken leaves no empty lines: a choice takes the empty lines before each of
/// its blocks into the way, and the first of its box those behind.
/// </summary>
internal sealed class TextTags(List<string> lines)
{
    private readonly Stack<bool> _standBefore = new();
    private string _pending = "";

    public void Add(TagBlock block)
    {
        foreach (var (token, kind) in block.Tags)
            Add(token, kind);
    }

    /// <summary>The block's lines, behind the tags that stand right before it.</summary>
    public void AddBlock(IReadOnlyList<string> block)
    {
        lines.Add(_pending + block[0]);
        lines.AddRange(block.Skip(1));
        _pending = "";
    }

    /// <summary>Nothing follows any more.</summary>
    public void End()
    {
        if (_pending.Length > 0 && lines.Count == 0)
            lines.Add("");
        if (_pending.Length > 0)
            lines[^1] += _pending;
    }

    private void Add(string token, SlotTagKind? kind)
    {
        var opens = kind is SlotTagKind.If or SlotTagKind.Unless;
        if (opens)
            _standBefore.Push(lines.Count == 0 || _pending.Length > 0);
        var standsBefore = !_standBefore.TryPeek(out var before) || before;
        if (kind is SlotTagKind.EndIf or SlotTagKind.EndUnless)
            _standBefore.TryPop(out _);
        if (standsBefore || _pending.Length > 0)
            _pending += token;
        else
            lines[^1] += token;
    }
}
