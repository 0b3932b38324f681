using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// How a compiled message is stored: <c>NMCM</c>, a version byte, the steps of the headers and of the body, and the first 8 bytes
/// of the SHA-256 of all that. A step is a kind byte and its fields; lengths are 7-bit varints. Numbers are never given a new meaning.
/// Version 2 adds choices; what has none is written as version 1, which older programs read.
/// </summary>
internal static class CompiledFormat
{
    private const byte Version = 1;
    private const byte VersionWithChoices = 2;
    private const int SumLength = 8;

    private enum Kind : byte
    {
        Static = 1,
        ToField = 2,
        TextField = 3,
        Token = 4,
        Quoted = 5,
        Base64 = 6,
        Choice = 7,
    }

    // What a part of a text or a piece of base64 begins with.
    private enum PartKind : byte
    {
        Static = 0,
        Slot = 1,
        Choice = 2,
    }

    private static ReadOnlySpan<byte> Magic => "NMCM"u8;

    public static byte[] Write(IReadOnlyList<WireOp> headers, IReadOnlyList<WireOp> body)
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(headers.Concat(body).Any(HasChoice) ? VersionWithChoices : Version);
        WriteOps(writer, headers);
        WriteOps(writer, body);
        writer.Flush();
        writer.Write(SHA256.HashData(stream.ToArray()).AsSpan(0, SumLength));
        writer.Flush();
        return stream.ToArray();
    }

    public static (WireOp[] Headers, WireOp[] Body) Read(byte[] stored)
    {
        if (stored.Length < Magic.Length + 1 + SumLength || !stored.AsSpan().StartsWith(Magic))
            throw new CompiledMessageException("These bytes are no compiled message.");
        if (stored[Magic.Length] is not (Version or VersionWithChoices))
            throw new CompiledMessageException($"The compiled message is of version {stored[Magic.Length]}; this program knows versions {Version} and {VersionWithChoices}. A newer program wrote it: use that one.");
        if (!SHA256.HashData(stored.AsSpan(0, stored.Length - SumLength)).AsSpan(0, SumLength).SequenceEqual(stored.AsSpan(stored.Length - SumLength)))
            throw new CompiledMessageException("The compiled message is damaged: its checksum does not match.");

        try
        {
            using var reader = new BinaryReader(new MemoryStream(stored, Magic.Length + 1, stored.Length - Magic.Length - 1 - SumLength), Encoding.UTF8);
            return (ReadOps(reader), ReadOps(reader));
        }
        catch (Exception broken) when (broken is IOException or FormatException)
        {
            throw new CompiledMessageException($"The compiled message is damaged: {broken.Message}");
        }
    }

    private static bool HasChoice(WireOp op) => op switch
    {
        WireOp.Choice => true,
        WireOp.TextField field => field.Text.Parts.Any(part => part is SlotPart.Choice),
        WireOp.Base64 part => part.Pieces.Any(piece => piece is Base64Piece.Choice),
        _ => false,
    };

    private static void WriteOps(BinaryWriter writer, IReadOnlyList<WireOp> ops)
    {
        writer.Write7BitEncodedInt(ops.Count);
        foreach (var op in ops)
            WriteOp(writer, op);
    }

    private static void WriteOp(BinaryWriter writer, WireOp op)
    {
        switch (op)
        {
            case WireOp.Static step:
                writer.Write((byte)Kind.Static);
                WriteBytes(writer, step.Bytes);
                break;
            case WireOp.ToField:
                writer.Write((byte)Kind.ToField);
                break;
            case WireOp.TextField step:
                writer.Write((byte)Kind.TextField);
                writer.Write(step.Name);
                WriteParts(writer, step.Text.Parts);
                break;
            case WireOp.Token step:
                writer.Write((byte)Kind.Token);
                WriteSlot(writer, step.Slot);
                break;
            case WireOp.Quoted step:
                writer.Write((byte)Kind.Quoted);
                WriteSlot(writer, step.Slot);
                break;
            case WireOp.Base64 step:
                writer.Write((byte)Kind.Base64);
                WritePieces(writer, step.Pieces);
                break;
            case WireOp.Choice step:
                writer.Write((byte)Kind.Choice);
                ConditionFormat.Write(writer, step.If);
                WriteOps(writer, step.Then);
                WriteOps(writer, step.Else);
                break;
            default:
                throw new InvalidOperationException($"A step that can't be stored: {op.GetType().Name}.");
        }
    }

    private static WireOp[] ReadOps(BinaryReader reader)
    {
        var ops = new WireOp[ReadCount(reader)];
        for (var i = 0; i < ops.Length; i++)
            ops[i] = ReadOp(reader);
        return ops;
    }

    private static WireOp ReadOp(BinaryReader reader) => (Kind)reader.ReadByte() switch
    {
        Kind.Static => new WireOp.Static(ReadBytes(reader)),
        Kind.ToField => new WireOp.ToField(),
        Kind.TextField => new WireOp.TextField(reader.ReadString(), new SlotTemplate(ReadParts(reader))),
        Kind.Token => new WireOp.Token(ReadSlot(reader)),
        Kind.Quoted => new WireOp.Quoted(ReadSlot(reader)),
        Kind.Base64 => new WireOp.Base64(ReadPieces(reader)),
        Kind.Choice => new WireOp.Choice(ConditionFormat.Read(reader), ReadOps(reader), ReadOps(reader)),
        var unknown => throw new CompiledMessageException($"The compiled message has a step of unknown kind {(byte)unknown}."),
    };

    private static void WriteParts(BinaryWriter writer, IReadOnlyList<SlotPart> parts)
    {
        writer.Write7BitEncodedInt(parts.Count);
        foreach (var part in parts)
            switch (part)
            {
                case SlotPart.Literal literal:
                    writer.Write((byte)PartKind.Static);
                    writer.Write(literal.Text);
                    break;
                case SlotPart.Slot slot:
                    writer.Write((byte)PartKind.Slot);
                    WriteSlot(writer, slot);
                    break;
                case SlotPart.Choice choice:
                    writer.Write((byte)PartKind.Choice);
                    ConditionFormat.Write(writer, choice.If);
                    WriteParts(writer, choice.Then);
                    WriteParts(writer, choice.Else);
                    break;
            }
    }

    private static List<SlotPart> ReadParts(BinaryReader reader)
    {
        var parts = new List<SlotPart>();
        for (var left = ReadCount(reader); left > 0; left--)
            parts.Add((PartKind)reader.ReadByte() switch
            {
                PartKind.Static => new SlotPart.Literal(reader.ReadString()),
                PartKind.Slot => ReadSlot(reader),
                PartKind.Choice => new SlotPart.Choice(ConditionFormat.Read(reader), ReadParts(reader), ReadParts(reader)),
                var unknown => throw UnknownPart(unknown),
            });
        return parts;
    }

    private static void WritePieces(BinaryWriter writer, IReadOnlyList<Base64Piece> pieces)
    {
        writer.Write7BitEncodedInt(pieces.Count);
        foreach (var piece in pieces)
            switch (piece)
            {
                case Base64Piece.Static fixedPiece:
                    writer.Write((byte)PartKind.Static);
                    WriteBytes(writer, fixedPiece.Run.Raw);
                    break;
                case Base64Piece.Value value:
                    writer.Write((byte)PartKind.Slot);
                    WriteSlot(writer, value.Slot);
                    break;
                case Base64Piece.Choice choice:
                    writer.Write((byte)PartKind.Choice);
                    ConditionFormat.Write(writer, choice.If);
                    WritePieces(writer, choice.Then);
                    WritePieces(writer, choice.Else);
                    break;
            }
    }

    private static List<Base64Piece> ReadPieces(BinaryReader reader)
    {
        var pieces = new List<Base64Piece>();
        for (var left = ReadCount(reader); left > 0; left--)
            pieces.Add((PartKind)reader.ReadByte() switch
            {
                PartKind.Static => new Base64Piece.Static(new Base64Run(ReadBytes(reader))),
                PartKind.Slot => new Base64Piece.Value(ReadSlot(reader)),
                PartKind.Choice => new Base64Piece.Choice(ConditionFormat.Read(reader), ReadPieces(reader), ReadPieces(reader)),
                var unknown => throw UnknownPart(unknown),
            });
        return pieces;
    }

    private static CompiledMessageException UnknownPart(PartKind kind) => new($"The compiled message has a part of unknown kind {(byte)kind}.");

    private static void WriteSlot(BinaryWriter writer, SlotPart.Slot slot)
    {
        writer.Write(slot.Name);
        writer.Write((byte)slot.Escape);
        writer.Write(slot.Default is not null);
        if (slot.Default is not null)
            writer.Write(slot.Default);
    }

    private static SlotPart.Slot ReadSlot(BinaryReader reader)
    {
        var name = reader.ReadString();
        var escape = (SlotEscape)reader.ReadByte();
        if (!SlotName.IsKnown(name) || !Enum.IsDefined(escape))
            throw new CompiledMessageException($"The compiled message has a slot that this program doesn't know: {name}.");
        return new SlotPart.Slot(name, reader.ReadBoolean() ? reader.ReadString() : null, escape);
    }

    private static void WriteBytes(BinaryWriter writer, ReadOnlyMemory<byte> bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes.Span);
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        var bytes = reader.ReadBytes(ReadCount(reader));
        return bytes;
    }

    // Nothing counted here can be more than the bytes that are left.
    private static int ReadCount(BinaryReader reader)
    {
        var count = reader.Read7BitEncodedInt();
        return count >= 0 && count <= reader.BaseStream.Length - reader.BaseStream.Position
            ? count
            : throw new CompiledMessageException("The compiled message is damaged: a length is out of bounds.");
    }
}
