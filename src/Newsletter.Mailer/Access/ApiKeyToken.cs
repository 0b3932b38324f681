using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Access;

/// <summary>
/// The text a caller presents: <c>nlm_</c>, eight letters or digits by which the row is found, <c>_</c>, and 256 random bits
/// in lower-case hex. The whole of it is hashed: 256 random bits need no salt and no slow hash.
/// </summary>
public sealed class ApiKeyToken
{
    private const string Mark = "nlm_";
    private const string PrefixLetters = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int PrefixLength = 12;
    private const int TokenLength = PrefixLength + 1 + 64;
    private static readonly SearchValues<char> s_prefixLetters = SearchValues.Create(PrefixLetters);
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string _text;

    private ApiKeyToken(string text) => _text = text;

    /// <summary><c>nlm_</c> and eight letters or digits; not secret.</summary>
    public string Prefix => _text[..PrefixLength];

    public static ApiKeyToken Create()
    {
        var prefix = RandomNumberGenerator.GetString(PrefixLetters, PrefixLength - Mark.Length);
        var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        return new ApiKeyToken($"{Mark}{prefix}_{secret}");
    }

    /// <summary>False for anything that was never a token of ours, so that it costs no query.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ApiKeyToken? token)
    {
        token = text is { Length: TokenLength } && text.StartsWith(Mark, StringComparison.Ordinal)
            && text[PrefixLength] == '_'
            && !text.AsSpan(Mark.Length, PrefixLength - Mark.Length).ContainsAnyExcept(s_prefixLetters)
            && !text.AsSpan(PrefixLength + 1).ContainsAnyExcept(s_hexDigits)
            ? new ApiKeyToken(text)
            : null;
        return token is not null;
    }

    /// <summary>32 bytes, what is stored.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(_text));

    /// <summary>The secret itself: shown once, never logged.</summary>
    public string Reveal() => _text;

    /// <summary>The prefix only, so that a log line or a debugger can't leak the rest.</summary>
    public override string ToString() => Prefix;
}
