using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>
/// How a compiled message is stored: <c>NMCM</c>, a version byte, the steps of the headers and of the body, and the first 8 bytes
/// of the SHA-256 of all that. A step is a kind byte and its fields; lengths are 7-bit varints. Numbers are never given a new meaning.
/// </summary>
internal static class CompiledFormat
{
    private const byte Version = 1;
    private const int SumLength = 8;

    private enum Kind : byte
    {
        Static = 1,
        ToField = 2,
        TextField = 3,
        Token = 4,
        Quoted = 5,
        Base64 = 6,
    }

    private static ReadOnlySpan<byte> Magic => "NMCM"u8;

    public static byte[] Write(IReadOnlyList<WireOp> headers, IReadOnlyList<WireOp> body)
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
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
        if (stored[Magic.Length] != Version)
            throw new CompiledMessageException($"The compiled message is of version {stored[Magic.Length]}; this program knows version {Version}. A newer program wrote it: use that one.");
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
                writer.Write7BitEncodedInt(step.Pieces.Count);
                foreach (var piece in step.Pieces)
                    WritePiece(writer, piece);
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
        Kind.Base64 => new WireOp.Base64([.. Enumerable.Range(0, ReadCount(reader)).Select(_ => ReadPiece(reader))]),
        var unknown => throw new CompiledMessageException($"The compiled message has a step of unknown kind {(byte)unknown}."),
    };

    private static void WriteParts(BinaryWriter writer, IReadOnlyList<SlotPart> parts)
    {
        writer.Write7BitEncodedInt(parts.Count);
        foreach (var part in parts)
        {
            writer.Write(part is SlotPart.Slot);
            if (part is SlotPart.Slot slot)
                WriteSlot(writer, slot);
            else
                writer.Write(((SlotPart.Literal)part).Text);
        }
    }

    private static List<SlotPart> ReadParts(BinaryReader reader)
    {
        var parts = new List<SlotPart>();
        for (var left = ReadCount(reader); left > 0; left--)
            parts.Add(reader.ReadBoolean() ? ReadSlot(reader) : new SlotPart.Literal(reader.ReadString()));
        return parts;
    }

    private static void WritePiece(BinaryWriter writer, Base64Piece piece)
    {
        writer.Write(piece.Slot is not null);
        if (piece.Slot is not null)
            WriteSlot(writer, piece.Slot);
        else
            WriteBytes(writer, piece.Run!.Raw);
    }

    private static Base64Piece ReadPiece(BinaryReader reader) =>
        reader.ReadBoolean() ? new Base64Piece(null, ReadSlot(reader)) : new Base64Piece(new Base64Run(ReadBytes(reader)), null);

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
