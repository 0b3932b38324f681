using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Signing;

/// <summary>
/// Signs for one domain (RFC 6376), relaxed/simple: headers may be folded anew on the way, the body is ours to the byte. The body is
/// hashed segment by segment, so that nothing of it is copied. No <c>t=</c>: a second copy of a message is byte for byte the first.
/// </summary>
internal sealed class DkimSigner(string domain, IReadOnlyList<SigningKey> keys)
{
    private const int LineLength = 72;

    // What a reader sees and what mail programs act upon; whatever of it a message has is signed.
    private static readonly HashSet<string> s_signed = new(StringComparer.Ordinal)
    {
        "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
        "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive", "feedback-id",
    };

    /// <summary>The signatures, each a whole header field with its CRLF.</summary>
    public byte[] Sign(FilledMessage message, ReadOnlySpan<byte> block, List<FieldAt> fields)
    {
        var (names, canonical) = Headers(block, fields);
        var bodyHash = BodyHash(message);
        using var all = new MemoryStream();
        foreach (var key in keys)
        {
            var field = Encoding.ASCII.GetBytes(Unsigned(key, names, bodyHash));
            all.Write(field);
            WriteFolded(all, key.Sign(Hash(canonical, field)));
        }

        return all.ToArray();
    }

    // RFC 6376 §5.4.2: of fields with one name the last comes first. From and Subject are named once more than they are there: a second
    // one, put in on the way, would break the signature.
    private static (string Names, MemoryStream Canonical) Headers(ReadOnlySpan<byte> block, List<FieldAt> fields)
    {
        var canonical = new MemoryStream(2_048);
        var names = new List<string>(24);
        for (var i = fields.Count - 1; i >= 0; i--)
        {
            var name = HeaderFields.Name(block, fields[i]);
            if (!s_signed.Contains(name))
                continue;
            names.Add(name);
            HeaderFields.WriteRelaxed(block, fields[i], canonical);
        }

        names.Add("from");
        names.Add("subject");
        return (Folded(names), canonical);
    }

    private static string Folded(List<string> names)
    {
        var text = new StringBuilder(400);
        var line = 0;
        foreach (var name in names)
        {
            if (line + name.Length > LineLength)
            {
                text.Append("\r\n\t");
                line = 0;
            }

            text.Append(name).Append(':');
            line += name.Length + 1;
        }

        text.Length--;
        return text.ToString();
    }

    // RFC 6376 §3.4.3: empty lines at the end count as none, and the last line ends in CRLF.
    private static string BodyHash(FilledMessage message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var last = message.Segments.Count - 1;
        while (last >= message.HeaderSegments && message.Segments[last].Span.TrimEnd("\r\n"u8).IsEmpty)
            last--;
        for (var i = message.HeaderSegments; i < last; i++)
            hash.AppendData(message.Segments[i].Span);
        if (last >= message.HeaderSegments)
            hash.AppendData(message.Segments[last].Span.TrimEnd("\r\n"u8));
        hash.AppendData("\r\n"u8);
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return Convert.ToBase64String(bytes);
    }

    private string Unsigned(SigningKey key, string names, string bodyHash) =>
        $"DKIM-Signature: v=1; a={key.Name}; c=relaxed/simple; d={domain};\r\n\ts={key.Selector}; h={names};\r\n\tbh={bodyHash};\r\n\tb=";

    private static byte[] Hash(MemoryStream canonical, byte[] field)
    {
        var headers = canonical.Length;
        HeaderFields.WriteRelaxed(field, new FieldAt(0, Array.IndexOf(field, (byte)':'), field.Length), canonical, last: true);
        var hash = SHA256.HashData(canonical.GetBuffer().AsSpan(0, (int)canonical.Length));
        canonical.SetLength(headers);
        return hash;
    }

    private static void WriteFolded(MemoryStream to, string signature)
    {
        for (var at = 0; at < signature.Length; at += LineLength)
        {
            if (at > 0)
                to.Write("\r\n\t"u8);
            to.Write(Encoding.ASCII.GetBytes(signature, at, Math.Min(LineLength, signature.Length - at)));
        }

        to.Write("\r\n"u8);
    }
}
