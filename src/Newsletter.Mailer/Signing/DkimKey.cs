namespace Newsletter.Mailer.Signing;

/// <summary>A key pair for DKIM as people see it: everything but its secret.</summary>
public sealed record DkimKey
{
    /// <summary>The domain that signs (<c>d=</c>), lower case, in punycode.</summary>
    public required string Domain { get; init; }

    /// <summary>The selector (<c>s=</c>), unique in the domain.</summary>
    public required string Selector { get; init; }

    /// <summary><c>rsa</c> (2048 bits, RFC 8301) or <c>ed25519</c> (RFC 8463; only ever as a second signature).</summary>
    public required string Algorithm { get; init; }

    /// <summary>The public half in base64, as <c>p=</c> has it.</summary>
    public required string PublicKey { get; init; }

    /// <summary><c>waiting</c> for its record to be published, <c>active</c>: it signs, or <c>retired</c>.</summary>
    public required string State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When it ceased to sign. Its record stays for <see cref="Overlap"/>: mail on its way is verified with it.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>How long mail may be on its way: five days in queues (RFC 5321 §4.5.4.1), and two more for forwarders.</summary>
    public static TimeSpan Overlap { get; } = TimeSpan.FromDays(7);

    /// <summary>Name of the TXT record.</summary>
    public string RecordName => $"{Selector}._domainkey.{Domain}";

    /// <summary>Text of the TXT record (RFC 6376 §3.6.1); longer than 255 characters, it is published in several strings.</summary>
    public string Record => $"v=DKIM1; k={Algorithm}; p={PublicKey}";

    /// <summary>The record as a zone file has it: strings of at most 255 characters, which are read as one (RFC 6376 §3.6.2.2).</summary>
    public string ToZoneLine() => $"{RecordName}. IN TXT {string.Join(' ', Record.Chunk(250).Select(piece => $"\"{new string(piece)}\""))}";
}
