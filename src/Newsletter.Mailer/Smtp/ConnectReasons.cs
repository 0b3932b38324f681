using MailKit.Net.Smtp;
using MailKit.Security;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>What went wrong between the connected socket and the first message, in words: what was tried, what came back, what to do.</summary>
internal static class ConnectReasons
{
    public static bool Knows(Exception e) =>
        e is OperationCanceledException or AuthenticationException or SslHandshakeException or NotSupportedException || RelaySession.IsNetworkOrServer(e);

    public static ConnectOutcome Sort(Relay relay, Exception e, bool loggingIn) => e switch
    {
        SslHandshakeException tls => Unavailable($"TLS with the relay {relay} failed: {Words(tls)}"),
        AuthenticationException { InnerException: SmtpCommandException refusal } => RefusedLogIn(relay, ReplyReading.Read(refusal)),
        AuthenticationException => CredentialsRefused($"The relay {relay} offers no way to log in that we may use: {RelaySession.Words(e)}."),
        NotSupportedException when loggingIn => CredentialsRefused(
            $"The relay {relay} offers no AUTH that we know, but a user name is set for it. It may offer AUTH only after STARTTLS (set Security to StartTls), or need none (clear UserName)."),
        NotSupportedException => Unavailable(
            $"The relay {relay} offers no STARTTLS, and Security asks for it. Set Security to ImplicitTls (usually port 465), or to None on a trusted network."),
        SmtpCommandException refusal => Unavailable($"The relay {relay} turned us away: {ReplyReading.Read(refusal)}"),
        OperationCanceledException when loggingIn => Unavailable($"The relay {relay} didn't finish the log-in within {RelayStream.Words(relay.ConnectTimeout)}."),
        OperationCanceledException => Unavailable(
            $"The relay {relay} took the connection but didn't greet within {RelayStream.Words(relay.ConnectTimeout)}. {SilenceHint(relay)}"),
        _ when loggingIn => Unavailable($"Lost the relay {relay} while logging in: {RelaySession.Words(e)}. Check the user name and password."),
        _ => Unavailable($"Lost the relay {relay} before it was ready: {RelaySession.Words(e)}{LastWords(e)}."),
    };

    /// <summary>MailKit answers a refused EHLO with HELO, and knows only that the relay hung up on it; what it said before is in the message.</summary>
    private static string LastWords(Exception e) =>
        e is SmtpProtocolException && e.Message.Split("disconnected: ", 2) is [_, var said] ? $", having said: {ReplyReading.OneLine(said).TrimEnd('.')}" : "";

    private static ConnectOutcome RefusedLogIn(Relay relay, SmtpReply reply) => reply.Code switch
    {
        // RFC 4954 §6: 432 wants another password; any other 4xx passes.
        432 or >= 500 => CredentialsRefused($"The relay {relay} refuses our user name and password: {reply}"),
        _ => Unavailable($"The relay {relay} can't log us in for now: {reply}"),
    };

    private static string SilenceHint(Relay relay) => relay.Security == RelaySecurity.ImplicitTls
        ? "Does it speak TLS from the first byte on that port?"
        : "If it speaks TLS from the first byte on that port (usually 465), set Security to ImplicitTls.";

    private static string Words(SslHandshakeException e)
    {
        if (e.ServerCertificate is null)
        {
            return $"{RelaySession.Words(e.InnerException ?? e)}. Does it speak TLS on that port? "
                + "STARTTLS (usually port 587 or 25) and TLS from the first byte (usually 465) are different settings of Security.";
        }

        // MailKit: a heading, an empty line, then the reasons, some with bullets.
        var reasons = e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Trim('•', ' '));
        return $"{ReplyReading.OneLine(string.Join(' ', reasons))} Use a certificate that this machine trusts and that names {e.ServerCertificate.Subject}'s host, "
            + "or set AcceptAnyCertificate for a relay on a trusted network.";
    }

    private static ConnectOutcome.Unavailable Unavailable(string reason) => new(reason);

    private static ConnectOutcome.CredentialsRefused CredentialsRefused(string reason) => new(reason);
}
