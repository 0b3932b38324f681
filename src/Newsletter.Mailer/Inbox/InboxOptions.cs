using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// How the built-in inbox listens, what it offers and what it keeps. Each capability can be switched off
/// to play a relay that lacks it.
/// </summary>
public sealed class InboxOptions : IValidatableObject
{
    /// <summary>The address listened on. Loopback only. Default 127.0.0.1.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port listened on; 0 takes a free one. Default 0.</summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>The name given in the greeting and the answer to EHLO. Default inbox.localhost.</summary>
    [Required]
    [RegularExpression("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", ErrorMessage = "Inbox:HostName must be a host name.")]
    public string HostName { get; set; } = "inbox.localhost";

    /// <summary>Offer PIPELINING (RFC 2920). When off, commands sent ahead of a reply are refused. Default true.</summary>
    public bool Pipelining { get; set; } = true;

    /// <summary>Offer 8BITMIME (RFC 6152). When off, a message with 8-bit bytes is refused. Default true.</summary>
    public bool EightBitMime { get; set; } = true;

    /// <summary>Offer SIZE (RFC 1870) with <see cref="MaxMessageBytes"/>. Default true.</summary>
    public bool Size { get; set; } = true;

    /// <summary>Offer SMTPUTF8 (RFC 6531). Default true.</summary>
    public bool SmtpUtf8 { get; set; } = true;

    /// <summary>Offer CHUNKING, the BDAT command (RFC 3030). Default true.</summary>
    public bool Chunking { get; set; } = true;

    /// <summary>Offer ENHANCEDSTATUSCODES and put them into replies (RFC 2034). Default true.</summary>
    public bool EnhancedStatusCodes { get; set; } = true;

    /// <summary>Offer DSN (RFC 3461): RET, ENVID, NOTIFY and ORCPT are checked and kept, nothing is sent back. Default false.</summary>
    public bool Dsn { get; set; }

    /// <summary>Offer STARTTLS (RFC 3207) with a certificate made in memory. Default false.</summary>
    public bool StartTls { get; set; }

    /// <summary>Speak TLS from the first byte (RFC 8314). Excludes <see cref="StartTls"/>. Default false.</summary>
    public bool ImplicitTls { get; set; }

    /// <summary>Refuse mail with 530 until the connection is secured. Default false.</summary>
    public bool RequireTls { get; set; }

    /// <summary>The user AUTH PLAIN and LOGIN accept (RFC 4954); null offers no AUTH. Default null.</summary>
    public string? UserName { get; set; }

    /// <summary>The password of <see cref="UserName"/>. Default null.</summary>
    public string? Password { get; set; }

    /// <summary>Refuse mail with 530 until the client is authenticated. Default false.</summary>
    public bool RequireAuthentication { get; set; }

    /// <summary>The largest message taken, in bytes. Default 52,428,800.</summary>
    [Range(1, int.MaxValue)]
    public long MaxMessageBytes { get; set; } = 52_428_800;

    /// <summary>Recipients of one message; more are answered 452. RFC 5321 §4.5.3.1.8 asks for 100 at least. Default 1000.</summary>
    [Range(1, 100_000)]
    public int MaxRecipients { get; set; } = 1000;

    /// <summary>Connections open at once; more are answered 421. Default 500.</summary>
    [Range(1, 10_000)]
    public int MaxConnections { get; set; } = 500;

    /// <summary>The longest command line, in bytes without CRLF. Default 4096.</summary>
    [Range(510, 16_384)]
    public int MaxCommandBytes { get; set; } = 4096;

    /// <summary>Protocol errors a connection may make before 421. Default 20.</summary>
    [Range(1, 100_000)]
    public int MaxErrors { get; set; } = 20;

    /// <summary>Commands a connection may send without a message arriving before 421. Default 5000.</summary>
    [Range(10, 1_000_000)]
    public int MaxCommandsWithoutMessage { get; set; } = 5000;

    /// <summary>Time without a byte after which a connection is closed with 421 (RFC 5321 §4.5.3.2.7). Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The latest messages of which the bytes are kept; of older ones only recipient, Message-ID and hash. Default 1000.</summary>
    [Range(0, 1_000_000)]
    public int KeptBodies { get; set; } = 1000;

    /// <summary>Bytes kept of all bodies together. Default 67,108,864.</summary>
    [Range(0, int.MaxValue)]
    public long KeptBodyBytes { get; set; } = 67_108_864;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out var address) || !IPAddress.IsLoopback(address))
        {
            yield return new ValidationResult(
                $"Inbox:Address is '{Address}'. The built-in inbox takes mail from anyone who can reach it, so it listens on loopback only: use 127.0.0.1 or ::1.",
                [nameof(Address)]);
        }

        if (StartTls && ImplicitTls)
            yield return new ValidationResult("Inbox:StartTls and Inbox:ImplicitTls exclude each other: choose one.", [nameof(StartTls)]);

        if (RequireTls && !StartTls && !ImplicitTls)
            yield return new ValidationResult("Inbox:RequireTls needs Inbox:StartTls or Inbox:ImplicitTls.", [nameof(RequireTls)]);

        if (UserName is null != Password is null)
            yield return new ValidationResult("Inbox:UserName and Inbox:Password are set together or not at all.", [nameof(UserName)]);

        if (RequireAuthentication && UserName is null)
            yield return new ValidationResult("Inbox:RequireAuthentication needs Inbox:UserName and Inbox:Password.", [nameof(RequireAuthentication)]);
    }
}
