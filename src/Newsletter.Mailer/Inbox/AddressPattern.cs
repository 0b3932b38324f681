namespace Newsletter.Mailer.Inbox;

/// <summary>Addresses as a script names them: without case, <c>*</c> for any characters, <c>&lt;&gt;</c> for the null sender.</summary>
internal static class AddressPattern
{
    private const string NullSender = "<>";

    public static bool Matches(string pattern, string address) =>
        pattern == NullSender ? address.Length == 0 : Matches(pattern.AsSpan(), address);

    // What follows the latest star is tried one character later each time: no pattern takes longer than length times length.
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> address)
    {
        var (at, star, tried) = (0, -1, 0);
        for (var i = 0; i < address.Length;)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, tried) = (at++, i);
            }
            else if (at < pattern.Length && char.ToUpperInvariant(pattern[at]) == char.ToUpperInvariant(address[i]))
            {
                (at, i) = (at + 1, i + 1);
            }
            else if (star >= 0)
            {
                (at, i) = (star + 1, ++tried);
            }
            else
            {
                return false;
            }
        }

        return pattern[at..].Trim('*').IsEmpty;
    }
}
