using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>One step in writing a compiled message. Later kinds may hold steps that are taken for some readers only.</summary>
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

    /// <summary>A whole base64 part: static runs and values, which share groups of three bytes where they meet.</summary>
    public sealed record Base64(IReadOnlyList<Base64Piece> Pieces) : WireOp;
}

/// <summary>A static run or a value of a base64 part; exactly one of the two.</summary>
internal sealed record Base64Piece(Base64Run? Run, SlotPart.Slot? Slot);
