using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Counts distinct texts in 10 to 20 bytes each: the first 64 bits of their SHA-256 in an open-addressed table.
/// Two texts count as one with a chance of 3 in a million among ten million.
/// </summary>
internal sealed class DistinctTexts
{
    private ulong[] slots = new ulong[1024];

    public int Count { get; private set; }

    /// <summary>The key a text is known by; never 0.</summary>
    public static ulong Key(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(hash));
    }

    /// <summary>Whether it was new.</summary>
    public bool Add(ulong key)
    {
        // Fuller than 85 % a probe gets long.
        if ((Count + 1) * 100L > slots.Length * 85L)
            Grow();

        if (!Put(slots, key))
            return false;

        Count++;
        return true;
    }

    private static bool Put(ulong[] slots, ulong key)
    {
        var mask = (uint)slots.Length - 1;
        for (var at = (uint)(key >> 32) & mask; ; at = (at + 1) & mask)
        {
            if (slots[at] == key)
                return false;

            if (slots[at] == 0)
            {
                slots[at] = key;
                return true;
            }
        }
    }

    private void Grow()
    {
        var larger = new ulong[slots.Length * 2];
        foreach (var key in slots)
        {
            if (key != 0)
                Put(larger, key);
        }

        slots = larger;
    }
}
