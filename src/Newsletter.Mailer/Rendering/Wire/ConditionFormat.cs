using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>How a condition is stored in a compiled message: a kind byte and its fields. Numbers are never given a new meaning.</summary>
internal static class ConditionFormat
{
    private enum Kind : byte
    {
        Has = 1,
        Compare = 2,
        Not = 3,
        Both = 4,
        Either = 5,
        Constant = 6,
    }

    public static void Write(BinaryWriter writer, SlotCondition condition)
    {
        switch (condition)
        {
            case SlotCondition.Has has:
                writer.Write((byte)Kind.Has);
                writer.Write(has.Name);
                break;
            case SlotCondition.Compare compare:
                writer.Write((byte)Kind.Compare);
                writer.Write(compare.Name);
                writer.Write((byte)compare.How);
                writer.Write(compare.With);
                break;
            case SlotCondition.Not not:
                writer.Write((byte)Kind.Not);
                Write(writer, not.Of);
                break;
            case SlotCondition.Both both:
                writer.Write((byte)Kind.Both);
                Write(writer, both.Left);
                Write(writer, both.Right);
                break;
            case SlotCondition.Either either:
                writer.Write((byte)Kind.Either);
                Write(writer, either.Left);
                Write(writer, either.Right);
                break;
            case SlotCondition.Constant constant:
                writer.Write((byte)Kind.Constant);
                writer.Write(constant.Value);
                break;
        }
    }

    /// <exception cref="CompiledMessageException">A kind, a name or a comparison that this program doesn't know.</exception>
    public static SlotCondition Read(BinaryReader reader) => (Kind)reader.ReadByte() switch
    {
        Kind.Has => new SlotCondition.Has(ReadName(reader)),
        Kind.Compare => new SlotCondition.Compare(ReadName(reader), ReadComparison(reader), reader.ReadString()),
        Kind.Not => new SlotCondition.Not(Read(reader)),
        Kind.Both => new SlotCondition.Both(Read(reader), Read(reader)),
        Kind.Either => new SlotCondition.Either(Read(reader), Read(reader)),
        Kind.Constant => new SlotCondition.Constant(reader.ReadBoolean()),
        var unknown => throw new CompiledMessageException($"The compiled message has a condition of unknown kind {(byte)unknown}."),
    };

    private static string ReadName(BinaryReader reader) =>
        reader.ReadString() is var name && SlotName.IsKnown(name) ? name : throw new CompiledMessageException($"The compiled message asks for something that this program doesn't know: {name}.");

    private static SlotComparison ReadComparison(BinaryReader reader) =>
        (SlotComparison)reader.ReadByte() is var how && Enum.IsDefined(how) ? how : throw new CompiledMessageException($"The compiled message has a comparison of unknown kind {(byte)how}.");
}
