using System.Net;
using System.Text;

namespace Newsletter.Mailer.Inbox;

/// <summary>Reads the path of MAIL and RCPT (RFC 5321 §4.1.2, RFC 6531 §3.3) and what follows it.</summary>
internal static class SmtpPath
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads <c>&lt;path&gt; parameters</c>.</summary>
    /// <param name="argument">What stands behind <c>FROM:</c> or <c>TO:</c>.</param>
    /// <param name="address">The mailbox without source route; empty for the null path.</param>
    /// <param name="parameters">What follows, trimmed.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? Read(ReadOnlySpan<byte> argument, out string address, out string parameters)
    {
        address = parameters = "";
        argument = argument.TrimStart((byte)' ');
        var end = argument.StartsWith("<"u8) ? End(argument) : -1;
        if (end < 0)
            return "The address belongs between < and >";

        var rest = argument[(end + 1)..];
        if (!rest.IsEmpty && rest[0] != ' ')
            return "A space is missing after >";

        if (!TryDecode(argument[1..end], out var path) || !TryDecode(rest, out parameters))
            return "Neither control characters nor broken UTF-8 may stand here";

        parameters = parameters.Trim(' ');
        address = WithoutRoute(path);
        return address.Length == 0 || string.Equals(address, "postmaster", StringComparison.OrdinalIgnoreCase) || IsMailbox(address)
            ? null
            : "This is no mailbox";
    }

    /// <summary>The place of the closing bracket, not looking inside quotes; -1 when there is none.</summary>
    private static int End(ReadOnlySpan<byte> argument)
    {
        var quoted = false;
        for (var i = 1; i < argument.Length; i++)
        {
            if (argument[i] == '"')
                quoted = !quoted;
            else if (argument[i] == '\\' && quoted)
                i++;
            else if (argument[i] == '>' && !quoted)
                return i;
        }

        return -1;
    }

    private static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        try
        {
            text = strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return !text.Any(char.IsControl);
    }

    /// <summary>RFC 5321 §4.1.1.3: source routes are accepted and ignored.</summary>
    private static string WithoutRoute(string path) =>
        path.StartsWith('@') && path.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? path[(colon + 1)..] : path;

    /// <summary>Octets, as RFC 5321 §4.5.3.1 counts them.</summary>
    private static bool IsMailbox(string address)
    {
        var at = address.LastIndexOf('@');
        return at > 0
            && Encoding.UTF8.GetByteCount(address) <= 254
            && Encoding.UTF8.GetByteCount(address.AsSpan(0, at)) <= 64
            && IsLocalPart(address[..at])
            && IsDomain(address[(at + 1)..]);
    }

    private static bool IsLocalPart(string local) =>
        local.StartsWith('"') ? IsQuoted(local) : local.Split('.').All(atom => atom.Length > 0 && atom.All(IsAtomText));

    private static bool IsQuoted(string local)
    {
        if (local.Length < 2 || !local.EndsWith('"'))
            return false;

        for (var i = 1; i < local.Length - 1; i++)
        {
            if (local[i] == '"' || (local[i] == '\\' && ++i == local.Length - 1))
                return false;
        }

        return true;
    }

    private static bool IsAtomText(char c) => char.IsAsciiLetterOrDigit(c) || c > 127 || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal);

    private static bool IsDomain(string domain) =>
        domain.StartsWith('[')
            ? domain.EndsWith(']') && IsLiteral(domain[1..^1])
            : domain.Split('.').All(label => label.Length is > 0 and <= 63 && label.All(IsLabelText) && label[0] != '-' && label[^1] != '-');

    private static bool IsLiteral(string literal) =>
        IPAddress.TryParse(literal.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase) ? literal[5..] : literal, out _);

    private static bool IsLabelText(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || c > 127;
}
