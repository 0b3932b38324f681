namespace Newsletter.Mailer.Links;

/// <summary>Base32 of RFC 4648 §6 in lower case without padding: what a mail server may fold to either case and still be read.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[(bytes.Length * 8 + 4) / 5];
        var (bits, held, at) = (0u, 0, 0);
        foreach (var value in bytes)
        {
            bits = (bits << 8) | value;
            for (held += 8; held >= 5; held -= 5)
                text[at++] = Alphabet[(int)(bits >> (held - 5)) & 31];
        }

        if (held > 0)
            text[at] = Alphabet[(int)(bits << (5 - held)) & 31];
        return text.ToString();
    }

    /// <summary>False for what isn't the one spelling of some bytes, but for its case, or has no room.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes, out int length)
    {
        length = 0;
        var (bits, held) = (0u, 0);
        foreach (var letter in text)
        {
            var value = Alphabet.IndexOf(char.ToLowerInvariant(letter), StringComparison.Ordinal);
            if (value < 0 || !char.IsAscii(letter))
                return false;
            bits = (bits << 5) | (uint)value;
            held += 5;
            if (held < 8)
                continue;
            if (length == bytes.Length)
                return false;
            held -= 8;
            bytes[length++] = (byte)(bits >> held);
        }

        // Left over bits are none, or padding of zeros.
        return held < 5 && (bits & ((1u << held) - 1)) == 0;
    }
}
