using System.Text;

namespace Newsletter.Mailer.Inbox;

internal sealed partial class SmtpSession
{
    private async Task ObeyAsync(ReadOnlyMemory<byte> line)
    {
        var (verb, argument) = Split(line);
        // The octets of a chunk may follow BDAT at once, PIPELINING or not (RFC 3030 §4.2).
        if (!options.Pipelining && wire.HasInput && verb != "BDAT")
        {
            await AnswerAsync(FaultPoint.Other, InboxReply.PipeliningNotOffered);
            return;
        }

        switch (verb)
        {
            case "EHLO" or "HELO":
                await HelloAsync(verb, argument.Span.Trim((byte)' ').ToArray());
                break;
            case "STARTTLS":
                await StartTlsAsync(argument);
                break;
            case "AUTH":
                await AuthenticateAsync(Encoding.ASCII.GetString(argument.Span));
                break;
            case "MAIL":
                await MailAsync(argument);
                break;
            case "RCPT":
                await RecipientAsync(argument);
                break;
            case "DATA":
                await DataAsync(argument);
                break;
            case "BDAT" when options.Chunking:
                await ChunkAsync(Encoding.ASCII.GetString(argument.Span));
                break;
            default:
                await ObeySimpleAsync(verb, argument);
                break;
        }
    }

    /// <summary>The commands that change nothing, or end it all.</summary>
    private async Task ObeySimpleAsync(string verb, ReadOnlyMemory<byte> argument)
    {
        switch (verb)
        {
            case "RSET" or "QUIT" when !argument.IsEmpty:
                await AnswerAsync(FaultPoint.Other, InboxReply.NoParameters);
                break;
            case "RSET":
                EndTransaction();
                await AnswerAsync(FaultPoint.Rset, InboxReply.Ok);
                break;
            case "QUIT":
                await AnswerAsync(FaultPoint.Quit, InboxReply.Bye);
                if (open)
                    await CloseAsync();
                break;
            case "NOOP":
                await AnswerAsync(FaultPoint.Noop, InboxReply.Ok);
                break;
            case "VRFY":
                await AnswerAsync(FaultPoint.Other, argument.IsEmpty ? InboxReply.Syntax("VRFY whom?") : InboxReply.CannotVerify);
                break;
            case "HELP":
                await AnswerAsync(FaultPoint.Other, InboxReply.Help);
                break;
            case "EXPN" or "BDAT":
                await AnswerAsync(FaultPoint.Other, InboxReply.NotOffered);
                break;
            default:
                await AnswerAsync(FaultPoint.Other, InboxReply.Unknown);
                break;
        }
    }

    private async Task HelloAsync(string verb, byte[] name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
        {
            await AnswerAsync(FaultPoint.Other, InboxReply.Syntax($"{verb} takes the client's host name"));
            return;
        }

        // RFC 5321 §4.1.4: a new greeting also ends what was begun.
        EndTransaction();
        var said = await AnswerAsync(FaultPoint.Ehlo, new InboxReply(250, verb == "EHLO" ? string.Join('\n', Capabilities()) : options.HostName));
        if (said is not { IsPositive: true })
            return;

        clientName = Encoding.ASCII.GetString(name);
        extended = verb == "EHLO";
    }

    private IEnumerable<string> Capabilities()
    {
        yield return options.HostName;
        if (options.Pipelining)
            yield return "PIPELINING";
        if (options.Size)
            yield return $"SIZE {options.MaxMessageBytes}";
        if (options.StartTls && !wire.IsSecured)
            yield return "STARTTLS";
        if (options.UserName is not null)
            yield return "AUTH PLAIN LOGIN";
        if (options.EnhancedStatusCodes)
            yield return "ENHANCEDSTATUSCODES";
        if (options.EightBitMime)
            yield return "8BITMIME";
        if (options.Dsn)
            yield return "DSN";
        if (options.SmtpUtf8)
            yield return "SMTPUTF8";
        if (options.Chunking)
            yield return "CHUNKING";
    }

    private async Task StartTlsAsync(ReadOnlyMemory<byte> argument)
    {
        var wrong = !options.StartTls ? InboxReply.NotOffered
            : !argument.IsEmpty ? InboxReply.NoParameters
            : wire.IsSecured ? InboxReply.BadSequence("TLS is on already")
            // What came before the handshake was not under its protection, and must not count after it.
            : wire.HasInput ? InboxReply.BadSequence("Nothing may follow STARTTLS")
            : null;
        var said = await AnswerAsync(wrong is null ? FaultPoint.StartTls : FaultPoint.Other, wrong ?? InboxReply.ReadyForTls);
        if (!open || wrong is not null || said is not { IsPositive: true })
            return;

        await wire.SecureAsync(shared.Certificate!);
        // RFC 3207 §4.2: all that was learnt before is forgotten.
        EndTransaction();
        clientName = null;
        user = null;
        extended = false;
    }

    private async Task MailAsync(ReadOnlyMemory<byte> argument)
    {
        var address = "";
        var rest = "";
        var isUtf8 = false;
        var wrong = Forbidden()
            ?? (envelope is not null ? InboxReply.BadSequence("Nested MAIL command") : null)
            ?? ReadPath(argument, "FROM:"u8, out address, out rest)
            ?? parameters.CheckMail(rest, extended, out isUtf8)
            ?? NeedsUtf8(address, isUtf8);
        if (wrong is null)
        {
            messageNumber = shared.NextMessage();
            messagesOfConnection++;
            envelope = new Envelope(address, rest) { IsUtf8 = isUtf8 };
        }

        var said = await AnswerAsync(wrong is null ? FaultPoint.Mail : FaultPoint.Other, wrong ?? InboxReply.SenderOk);
        if (wrong is null && said is not { IsPositive: true })
            EndTransaction();
    }

    private async Task RecipientAsync(ReadOnlyMemory<byte> argument)
    {
        var address = "";
        var rest = "";
        var wrong = Forbidden()
            ?? (envelope is null ? InboxReply.BadSequence("MAIL comes first") : null)
            ?? ReadPath(argument, "TO:"u8, out address, out rest)
            ?? (address.Length == 0 ? InboxReply.Syntax("A recipient can't be empty") : null)
            ?? parameters.CheckRecipient(rest, extended)
            ?? NeedsUtf8(address, envelope!.IsUtf8)
            ?? (envelope.Recipients.Count >= options.MaxRecipients ? InboxReply.TooManyRecipients : null);
        var said = await AnswerAsync(wrong is null ? FaultPoint.Rcpt : FaultPoint.Other, wrong ?? InboxReply.RecipientOk, wrong is null ? address : null);
        if (wrong is not null || said is not { IsPositive: true })
            return;

        envelope!.Recipients.Add(address);
        envelope.RecipientParameters.Add(rest);
    }

    /// <summary>Why mail may not be sent yet; null when it may.</summary>
    private InboxReply? Forbidden() =>
        clientName is null ? InboxReply.BadSequence("EHLO comes first")
        : options.RequireTls && !wire.IsSecured ? InboxReply.TlsRequired
        : options.RequireAuthentication && user is null ? InboxReply.AuthenticationRequired
        : null;

    private static InboxReply? ReadPath(ReadOnlyMemory<byte> argument, ReadOnlySpan<byte> keyword, out string address, out string rest)
    {
        address = rest = "";
        var text = argument.Span;
        if (text.Length < keyword.Length || !Ascii.EqualsIgnoreCase(text[..keyword.Length], keyword))
            return InboxReply.Syntax($"Expected {Encoding.ASCII.GetString(keyword)}<address>");

        return SmtpPath.Read(text[keyword.Length..], out address, out rest) is { } wrong ? new InboxReply(501, wrong, "5.1.3") : null;
    }

    /// <summary>RFC 6531 §3.5: an address beyond ASCII needs SMTPUTF8.</summary>
    private static InboxReply? NeedsUtf8(string address, bool isUtf8) =>
        isUtf8 || Ascii.IsValid(address) ? null : new InboxReply(553, "An address beyond ASCII needs SMTPUTF8", "5.6.7");

    private void EndTransaction()
    {
        envelope = null;
        bodyFault = null;
        message.Clear();
    }

    private static (string Verb, ReadOnlyMemory<byte> Argument) Split(ReadOnlyMemory<byte> line)
    {
        var space = line.Span.IndexOf((byte)' ');
        var verb = space < 0 ? line : line[..space];
        // No verb is longer than STARTTLS; what is longer, or no text, is none.
        return verb.Length > 8 || verb.Span.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? ("", default)
            : (Encoding.ASCII.GetString(verb.Span).ToUpperInvariant(), space < 0 ? default : line[(space + 1)..]);
    }
}
