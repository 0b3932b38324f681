using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>What a reply answered.</summary>
internal enum SmtpStep
{
    MailFrom,
    RcptTo,
    Data,
    EndOfMessage,
}

/// <summary>The one place that decides what a reply, or the lack of one, makes of an attempt.</summary>
internal static class ReplySorting
{
    public static SendOutcome Sort(SmtpStep step, SmtpReply reply, bool smtpUtf8 = false) => reply.Code switch
    {
        421 => new SendOutcome.RelayFault($"the relay is closing the connection: {reply}", AtEndOfData: step == SmtpStep.EndOfMessage, ReplyTexts.IsThrottling(reply)),
        530 or 534 or 535 or 538 => new SendOutcome.CredentialsRefused(reply),
        >= 200 and < 300 when step == SmtpStep.EndOfMessage => new SendOutcome.Accepted(reply, ReplyTexts.QueueId(reply.Text)),
        >= 400 and < 500 when step == SmtpStep.MailFrom => new SendOutcome.RelayFault($"the relay takes no mail for now: {reply}", AtEndOfData: false, ReplyTexts.IsThrottling(reply)),
        >= 400 and < 500 => new SendOutcome.Deferred(reply, ReplyTexts.IsThrottling(reply)),
        >= 500 and < 600 when step == SmtpStep.MailFrom => RefusedSender(reply, smtpUtf8),
        >= 500 and < 600 => new SendOutcome.Rejected(reply, step == SmtpStep.RcptTo ? RejectedAt.Recipient : RejectedAt.Message),
        // Not an answer to what was sent. After the end of a message it leaves the message's fate open.
        _ => Lost(step == SmtpStep.EndOfMessage, $"the relay gave an answer that makes no sense there: {reply}"),
    };

    /// <summary>No reply: the connection was lost, or nothing came within the time-out.</summary>
    /// <param name="endOfMessageSent">The last byte of the message had left (RFC 1047): the relay may have it.</param>
    /// <param name="reason">For people.</param>
    public static SendOutcome Lost(bool endOfMessageSent, string reason) =>
        endOfMessageSent ? new SendOutcome.Unknown(reason) : new SendOutcome.RelayFault(reason, AtEndOfData: false);

    /// <summary>A 5xx to MAIL FROM speaks of our sender, unless it can only speak of this one message's parameters.</summary>
    private static SendOutcome RefusedSender(SmtpReply reply, bool smtpUtf8)
    {
        // RFC 1870 §6.1: 552 is the answer to SIZE=. With SMTPUTF8 it may be that; the next ordinary message will show.
        if (reply.Code == 552 || reply.EnhancedStatus is "5.3.4" || smtpUtf8)
            return new SendOutcome.Rejected(reply, RejectedAt.Sender);
        return new SendOutcome.SenderRefused(reply);
    }
}
