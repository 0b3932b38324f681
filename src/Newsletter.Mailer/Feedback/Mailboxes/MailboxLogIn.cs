using System.Net.Sockets;
using MailKit;
using MailKit.Security;

namespace Newsletter.Mailer.Feedback.Mailboxes;

/// <summary>Connects, secures and logs in; and says in words what kept it from that.</summary>
internal static class MailboxLogIn
{
    public static async Task EnterAsync(IMailService client, MailboxOptions options, CancellationToken stop)
    {
        if (options.AcceptAnyCertificate)
        {
#pragma warning disable CA5359, MA0039 // The operator asked for it, for a mailbox on a trusted network.
            client.ServerCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }

        await client.ConnectAsync(options.Host, options.ActualPort, SecurityOf(options), stop);
        if (await TokenOfAsync(options, stop) is { } token)
            await client.AuthenticateAsync(Mechanism(client, options.UserName, token), stop);
        else
            await client.AuthenticateAsync(options.UserName, options.Password!, stop);
    }

    public static Task<IMailboxSession> OpenAsync(MailboxOptions options, CancellationToken stop) => options.Protocol switch
    {
        MailboxProtocol.Imap => As(ImapSession.OpenAsync(options, stop)),
        _ => As(PopSession.OpenAsync(options, stop)),
    };

    /// <summary>What went wrong, where, and what to do; null for what is no trouble with a mailbox.</summary>
    public static string? Describe(Exception trouble, MailboxOptions options)
    {
        var where = $"{options.Host}:{options.ActualPort}";
        return trouble switch
        {
            AuthenticationException or SaslException => $"{where} refuses the log-in of {options.UserName} ({Said(trouble)}). Correct UserName and {Secret(options)} of the mailbox '{options.Name}'.",
            SslHandshakeException => $"TLS with {where} fails: {Said(trouble)}. Look at the certificate's name and date, or at Security: port 993 and 995 want Tls, 143 and 110 StartTls.",
            SocketException or TimeoutException => $"{where} can't be reached: {Said(trouble)}. Look at Host and Port, and whether a firewall is between.",
            FolderNotFoundException { FolderName: var folder } => $"There is no folder '{folder}' in the mailbox at {where}, and it can't be made. Correct Folder, DoneFolder or UnclearFolder.",
            UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException => $"The token of the mailbox '{options.Name}' can't be read: {Said(trouble)}",
            NotSupportedException => $"{where} can't be used: {Said(trouble)}. Look at Protocol and Security of the mailbox '{options.Name}'.",
            CommandException => $"{where} refuses what it was asked: {Said(trouble)}",
            IOException or ProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException => $"The connection to {where} was lost: {Said(trouble)}. It is tried again.",
            _ => null,
        };
    }

    private static async Task<IMailboxSession> As<T>(Task<T> opening)
        where T : IMailboxSession => await opening;

    private static string Said(Exception trouble) => Delivery.SmtpText.Anonymous(Delivery.SmtpText.Storable(trouble.Message)).TrimEnd('.', ' ');

    private static string Secret(MailboxOptions options) => options.TokenFile is not null ? "the token in TokenFile" : options.Token is not null ? "Token" : "Password";

    private static SecureSocketOptions SecurityOf(MailboxOptions options) => options.Security switch
    {
        MailboxSecurity.Tls => SecureSocketOptions.SslOnConnect,
        MailboxSecurity.StartTls => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.None,
    };

    private static SaslMechanism Mechanism(IMailService client, string userName, string token) =>
        client.AuthenticationMechanisms.Contains("OAUTHBEARER") ? new SaslMechanismOAuthBearer(userName, token) : new SaslMechanismOAuth2(userName, token);

    private static async Task<string?> TokenOfAsync(MailboxOptions options, CancellationToken stop) =>
        options.TokenFile is { } file ? (await File.ReadAllTextAsync(file, stop)).Trim() : options.Token;
}
