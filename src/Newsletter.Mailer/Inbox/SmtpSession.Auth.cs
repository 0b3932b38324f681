using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Inbox;

internal sealed partial class SmtpSession
{
    /// <summary>A base64 line of a client may be this long (RFC 4954 §4).</summary>
    private const int MaxAuthBytes = 12_288;

    private async Task AuthenticateAsync(string argument)
    {
        var words = argument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var wrong = options.UserName is null ? InboxReply.NotOffered
            : clientName is null || !extended ? InboxReply.BadSequence("EHLO comes first")
            : options.RequireTls && !wire.IsSecured ? InboxReply.TlsRequired
            : user is not null ? InboxReply.BadSequence("Authenticated already")
            : envelope is not null ? InboxReply.BadSequence("Not within a message")
            : words is not ([_] or [_, _]) ? InboxReply.Syntax("AUTH takes a mechanism and perhaps a response")
            : null;
        if (wrong is not null)
        {
            await AnswerAsync(FaultPoint.Other, wrong);
            return;
        }

        var initial = words.Length == 2 ? words[1] : null;
        var outcome = words[0].ToUpperInvariant() switch
        {
            "PLAIN" => await PlainAsync(initial),
            "LOGIN" => await LoginAsync(initial),
            _ => new InboxReply(504, "Mechanism not offered", "5.5.4"),
        };
        if (outcome is null)
            return;

        var said = await AnswerAsync(FaultPoint.Auth, outcome);
        if (outcome == InboxReply.Authenticated && said is { IsPositive: true })
            user = options.UserName;
    }

    /// <summary>RFC 4616: authorization id, NUL, user, NUL, password. Null: the client is gone.</summary>
    private async Task<InboxReply?> PlainAsync(string? initial)
    {
        var response = initial ?? await AskAsync("");
        if (response is null)
            return null;

        var parts = Decode(response)?.Split('\0');
        return parts is not { Length: 3 } ? Malformed(response) : Judge(parts[1], parts[2]);
    }

    /// <summary>The older two-step way, which many senders still take.</summary>
    private async Task<InboxReply?> LoginAsync(string? initial)
    {
        var name = initial ?? await AskAsync("Username:");
        if (name is null)
            return null;
        if (Decode(name) is not { } decodedName)
            return Malformed(name);

        var password = await AskAsync("Password:");
        if (password is null)
            return null;
        return Decode(password) is { } decodedPassword ? Judge(decodedName, decodedPassword) : Malformed(password);
    }

    private async Task<string?> AskAsync(string challenge)
    {
        wire.Write(new InboxReply(334, Convert.ToBase64String(Encoding.ASCII.GetBytes(challenge))), enhanced: false);
        var line = await wire.ReadLineAsync(MaxAuthBytes);
        if (line.End != LineEnd.Closed)
            return line.End == LineEnd.Complete ? Encoding.ASCII.GetString(line.Text.Span) : "?";

        open = false;
        return null;
    }

    private InboxReply Judge(string name, string password)
    {
        // Both are compared, whatever the first gives.
        var right = Same(name, options.UserName!) & Same(password, options.Password!);
        return right ? InboxReply.Authenticated : InboxReply.BadCredentials;
    }

    private static InboxReply Malformed(string response) =>
        response == "*" ? new InboxReply(501, "Cancelled", "5.7.0") : new InboxReply(501, "Not base64, or not of this mechanism", "5.5.2");

    private static bool Same(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));

    /// <summary>RFC 4954 §4: a single <c>=</c> is an empty response.</summary>
    private static string? Decode(string response)
    {
        var bytes = new byte[response.Length];
        return response == "=" ? ""
            : Convert.TryFromBase64String(response, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length)
            : null;
    }
}
