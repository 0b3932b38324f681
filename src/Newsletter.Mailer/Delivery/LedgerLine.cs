using System.Text;

namespace Newsletter.Mailer.Delivery;

/// <summary>What a line of the ledger's journal says of its delivery.</summary>
public enum LedgerMark : byte
{
    /// <summary>Its first byte may leave, or has left.</summary>
    Begun = 1,

    /// <summary>The relay took it.</summary>
    Accepted = 2,

    /// <summary>Its outcome was entered in the ledger itself, in the commit that wrote this line.</summary>
    Entered = 3,
}

/// <summary>One line of the ledger's journal. Of several lines about a delivery the last one holds.</summary>
/// <param name="Seq">Place in the issue.</param>
/// <param name="Mark">What it says.</param>
/// <param name="RelayId">Who took it.</param>
/// <param name="Code">The reply's code.</param>
/// <param name="DetailId">The reply's text, as it is kept.</param>
/// <param name="QueueId">The relay's name for it, storable.</param>
public readonly record struct LedgerLine(int Seq, LedgerMark Mark, short? RelayId = null, short? Code = null, long? DetailId = null, string? QueueId = null)
{
    // Another version of the program may have to read it: a change of the form has a number of its own.
    private const byte Form = 1;

    /// <summary>As the journal keeps them: the form, then of each line its mark, its place, and for an accepted one relay, code, text (zero: none) and queue id (empty: none).</summary>
    public static byte[] Write(IReadOnlyList<LedgerLine> lines)
    {
        using var bytes = new MemoryStream(64 + (lines.Count * 24));
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Form);
        foreach (var line in lines)
        {
            writer.Write((byte)line.Mark);
            writer.Write7BitEncodedInt(line.Seq);
            if (line.Mark != LedgerMark.Accepted)
                continue;
            writer.Write(line.RelayId ?? 0);
            writer.Write(line.Code ?? 0);
            writer.Write7BitEncodedInt64(line.DetailId ?? 0);
            writer.Write(line.QueueId ?? "");
        }

        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">A later version of the program wrote it.</exception>
    public static List<LedgerLine> Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        if (reader.ReadByte() is var form && form != Form)
            throw new InvalidDataException($"The ledger's journal has a page of form {form}, and this version of the program reads form {Form}: a later version wrote it. Let that version run until nothing is sent any more.");
        var lines = new List<LedgerLine>();
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var (mark, seq) = ((LedgerMark)reader.ReadByte(), reader.Read7BitEncodedInt());
            lines.Add(mark == LedgerMark.Accepted
                ? new LedgerLine(seq, mark, NotZero(reader.ReadInt16()), NotZero(reader.ReadInt16()), NotZero(reader.Read7BitEncodedInt64()), NotEmpty(reader.ReadString()))
                : new LedgerLine(seq, mark));
        }

        return lines;
    }

    private static short? NotZero(short value) => value == 0 ? null : value;

    private static long? NotZero(long value) => value == 0 ? null : value;

    private static string? NotEmpty(string value) => value.Length == 0 ? null : value;
}

/// <summary>What one commit wrote in the journal about one batch.</summary>
public sealed record LedgerPage
{
    public required long PartKey { get; init; }

    public required long IssueId { get; init; }

    public required int BatchNo { get; init; }

    public required long Fence { get; init; }

    /// <summary>Place among its writer's commits.</summary>
    public required long WriteNo { get; init; }

    public required IReadOnlyList<LedgerLine> Lines { get; init; }
}
