using System.Buffers;
using System.Globalization;
using System.Text;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>Takes the steps of a compiled message for one reader.</summary>
internal ref struct MessageFiller(Recipient reader, SegmentWriter output)
{
    private static readonly IdnMapping Idn = new();

    /// <summary>A header line may have 998 bytes (RFC 5322 §2.1.1); the longest name in front of a token leaves this many.</summary>
    private const int LongestToken = 900;

    public readonly void Take(WireOp op)
    {
        switch (op)
        {
            case WireOp.Static step:
                output.AddShared(step.Bytes);
                break;
            case WireOp.Quoted step:
                WriteQuoted(step.Slot.ValueFor(reader));
                break;
            case WireOp.Base64 step:
                WriteBase64(step.Pieces);
                break;
            case WireOp.Choice step:
                foreach (var inner in step.For(reader))
                    Take(inner);
                break;
            case WireOp.Token step:
                Write(CheckedToken(step.Slot));
                break;
            case WireOp.TextField step:
                Write(step.Name + ":" + HeaderText.Unstructured(step.Name, step.Text.Fill(reader).Trim()));
                break;
            case WireOp.ToField:
                Write("To:" + HeaderText.Mailbox("To", NameOf(reader), CheckedAddress(reader.Address)));
                break;
        }
    }

    private static string? NameOf(Recipient reader) =>
        string.IsNullOrWhiteSpace(reader.Name) ? null : UnsafeCharacters.Strip(reader.Name).Trim();

    private readonly void Write(string text)
    {
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            // Never through the middle of a surrogate pair.
            var taken = rest.Length <= 512 ? rest.Length : char.IsHighSurrogate(rest[511]) ? 511 : 512;
            var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(taken));
            output.Advance(Encoding.UTF8.GetBytes(rest[..taken], span));
            rest = rest[taken..];
        }
    }

    private readonly void WriteQuoted(string value)
    {
        if (value.Length == 0)
            return;
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        var written = Encoding.UTF8.GetBytes(value, rented);
        QuotedPrintable.Encode(rented.AsSpan(0, written), output);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private readonly void WriteBase64(IReadOnlyList<Base64Piece> pieces)
    {
        Span<byte> group = stackalloc byte[3];
        var pending = 0;
        WriteBase64(pieces, group, ref pending);
        Base64Run.WriteLines(group[..pending], output);
    }

    // The group holds the bytes that wait for the rest of their three, and how many there are.
    private readonly void WriteBase64(IReadOnlyList<Base64Piece> pieces, scoped Span<byte> group, ref int pending)
    {
        foreach (var piece in pieces)
        {
            if (piece is Base64Piece.Choice choice)
                WriteBase64(choice.For(reader), group, ref pending);
            else
                WriteBase64(piece, group, ref pending);
        }
    }

    private readonly void WriteBase64(Base64Piece piece, scoped Span<byte> group, ref int pending)
    {
        var run = (piece as Base64Piece.Static)?.Run;
        var bytes = run is not null ? run.Raw.Span : Encoding.UTF8.GetBytes(((Base64Piece.Value)piece).Slot.ValueFor(reader));
        var head = Math.Min(Base64Run.HeadLength(pending), bytes.Length);
        bytes[..head].CopyTo(group[pending..]);
        if (pending > 0 && pending + head == 3)
            Base64Run.WriteLines(group, output);
        if (pending + head is > 0 and < 3)
        {
            pending += head;
            return;
        }

        var rest = bytes[head..];
        if (run is not null)
            output.AddShared(run.Middle(pending));
        else
            Base64Run.WriteLines(rest[..(rest.Length - (rest.Length % 3))], output);
        pending = rest.Length % 3;
        rest[^pending..].CopyTo(group);
    }

    // Our own code makes these values; a bad one is a bug, and one reader's mail fails rather than a header being forged.
    private readonly string CheckedToken(SlotPart.Slot slot)
    {
        var value = SlotName.ValueFor(reader, slot.Name) ?? "";
        if (value.Length is 0 or > LongestToken || !value.All(c => c is > ' ' and < '\u007F' and not ('<' or '>')))
            throw new ArgumentException($"The value of {slot.Name} can stand in no header: it must be 1 to {LongestToken} printable ASCII characters without blanks.", nameof(slot));
        return value;
    }

    private static string CheckedAddress(string address)
    {
        var at = address.LastIndexOf('@');
        // Between quotation marks blanks and brackets are the address's own (RFC 5322 §3.2.4).
        var quoted = at > 0 && address[0] == '"';
        if (at <= 0 || at == address.Length - 1 || address.Length > 320 || address.Any(c => !quoted && c is '<' or '>' or ' ' || UnsafeCharacters.IsUnsafe(c) && !char.IsSurrogate(c)))
            throw new ArgumentException("The reader's address can stand in no header.", nameof(address));
        return Ascii.IsValid(address.AsSpan(at)) ? address : string.Concat(address.AsSpan(0, at + 1), Idn.GetAscii(address[(at + 1)..]));
    }
}
