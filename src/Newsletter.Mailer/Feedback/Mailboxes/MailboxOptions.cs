using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>How a mailbox is spoken to.</summary>
public enum MailboxProtocol
{
    /// <summary>RFC 9051 and RFC 3501, waiting by IDLE (RFC 2177) where it is offered.</summary>
    Imap,

    /// <summary>RFC 1939, looked at again and again.</summary>
    Pop3,
}

/// <summary>How the connection to a mailbox is secured.</summary>
public enum MailboxSecurity
{
    /// <summary>TLS from the first byte.</summary>
    Tls,

    /// <summary>STARTTLS, and nothing without it.</summary>
    StartTls,

    /// <summary>Not at all: only on this machine or a trusted network.</summary>
    None,
}

/// <summary>An entry of <c>Feedback:Mailboxes</c>.</summary>
public sealed class MailboxOptions : IValidatableObject
{
    /// <summary>Your name for it; its state is kept under it. Default: bounces.</summary>
    [Required, StringLength(100, MinimumLength = 1)]
    public string Name { get; set; } = "bounces";

    /// <summary>Imap or Pop3. Default Imap.</summary>
    public MailboxProtocol Protocol { get; set; } = MailboxProtocol.Imap;

    /// <summary>Host name or address. No default.</summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public string Host { get; set; } = "";

    /// <summary>Port. Default: the protocol's own: 993 or 995 with Tls, else 143 or 110.</summary>
    [Range(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>Tls, StartTls or None. Default Tls.</summary>
    public MailboxSecurity Security { get; set; } = MailboxSecurity.Tls;

    /// <summary>Accept a certificate that doesn't verify; only on a trusted network. Default false.</summary>
    public bool AcceptAnyCertificate { get; set; }

    /// <summary>User name. No default.</summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public string UserName { get; set; } = "";

    /// <summary>Password; a token goes before it.</summary>
    public string? Password { get; set; }

    /// <summary>OAuth 2.0 access token, in the place of a password (OAUTHBEARER, else XOAUTH2); a file goes before it.</summary>
    public string? Token { get; set; }

    /// <summary>A file with the token, read anew at each log-in: for what renews it.</summary>
    public string? TokenFile { get; set; }

    /// <summary>IMAP: the folder that is read. Default INBOX.</summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public string Folder { get; set; } = "INBOX";

    /// <summary>IMAP: where messages go once they are dealt with; empty: they are deleted. POP3 always deletes them. Default Processed.</summary>
    [StringLength(255)]
    public string DoneFolder { get; set; } = "Processed";

    /// <summary>IMAP: where messages go that nothing can be made of; empty: they stay. They are never deleted. Default Unclear.</summary>
    [StringLength(255)]
    public string UnclearFolder { get; set; } = "Unclear";

    /// <summary>Seconds between looks where the server doesn't tell of new mail by itself. Default 60.</summary>
    [Range(0.1, 86_400)]
    public double PollSeconds { get; set; } = 60;

    /// <summary>Seconds for the server's answer. Default 60.</summary>
    [Range(1, 600)]
    public double TimeoutSeconds { get; set; } = 60;

    /// <summary>The port it is reached at.</summary>
    internal int ActualPort => Port ?? (Protocol, Security) switch
    {
        (MailboxProtocol.Imap, MailboxSecurity.Tls) => 993,
        (MailboxProtocol.Imap, _) => 143,
        (_, MailboxSecurity.Tls) => 995,
        _ => 110,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Password) && string.IsNullOrEmpty(Token) && string.IsNullOrEmpty(TokenFile))
            yield return new ValidationResult("Nothing to log in with: set Password, Token or TokenFile.", [nameof(Password)]);
        if (Protocol == MailboxProtocol.Imap && DoneFolder.Length > 0 && string.Equals(DoneFolder, Folder, StringComparison.OrdinalIgnoreCase))
            yield return new ValidationResult("DoneFolder is the folder that is read: give it another name, or leave it empty to delete what is dealt with.", [nameof(DoneFolder)]);
        if (Protocol == MailboxProtocol.Imap && UnclearFolder.Length > 0 && string.Equals(UnclearFolder, Folder, StringComparison.OrdinalIgnoreCase))
            yield return new ValidationResult("UnclearFolder is the folder that is read: give it another name, or leave it empty to leave messages where they are.", [nameof(UnclearFolder)]);
    }
}
