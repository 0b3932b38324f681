using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>One step in writing a compiled message.</summary>
internal abstract record WireOp
{
    private WireOp()
    {
    }

    /// <summary>Finished bytes, the same for everyone.</summary>
    public sealed record Static(ReadOnlyMemory<byte> Bytes) : WireOp;

    /// <summary>The To field, from its name to its CRLF.</summary>
    public sealed record ToField : WireOp;

    /// <summary>An unstructured field whose text has slots, from its name to its CRLF.</summary>
    public sealed record TextField(string Name, SlotTemplate Text) : WireOp;

    /// <summary>A value that stands in a header as it is: an id, a URL. It must be printable ASCII without blanks.</summary>
    public sealed record Token(SlotPart.Slot Slot) : WireOp;

    /// <summary>A value in a quoted-printable part.</summary>
    public sealed record Quoted(SlotPart.Slot Slot) : WireOp;

    /// <summary>Steps in a quoted-printable part for readers of whom a condition is true, and others for the rest.</summary>
    public sealed record Choice(SlotCondition If, IReadOnlyList<WireOp> Then, IReadOnlyList<WireOp> Else) : WireOp
    {
        public IReadOnlyList<WireOp> For(Recipient reader) => If.IsTrueOf(reader) ? Then : Else;
    }

    /// <summary>A whole base64 part: static runs and values, which share groups of three bytes where they meet.</summary>
    public sealed record Base64(IReadOnlyList<Base64Piece> Pieces) : WireOp;
}

/// <summary>A piece of a base64 part.</summary>
internal abstract record Base64Piece
{
    private Base64Piece()
    {
    }

    /// <summary>The same for everyone.</summary>
    public sealed record Static(Base64Run Run) : Base64Piece;

    /// <summary>A reader's value.</summary>
    public sealed record Value(SlotPart.Slot Slot) : Base64Piece;

    /// <summary>Pieces for readers of whom a condition is true, and others for the rest.</summary>
    public sealed record Choice(SlotCondition If, IReadOnlyList<Base64Piece> Then, IReadOnlyList<Base64Piece> Else) : Base64Piece
    {
        public IReadOnlyList<Base64Piece> For(Recipient reader) => If.IsTrueOf(reader) ? Then : Else;
    }
}
