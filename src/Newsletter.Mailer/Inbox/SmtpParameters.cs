using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>Checks the parameters of MAIL and RCPT against the extensions offered (RFC 5321 §4.1.1.11).</summary>
internal sealed class SmtpParameters(InboxOptions options)
{
    private static readonly InboxReply unknown = new(555, "Parameter not known or not offered", "5.5.4");

    /// <summary>What is wrong with the parameters of MAIL; null when nothing is.</summary>
    /// <param name="text">As they stand behind the path.</param>
    /// <param name="extended">Whether the client said EHLO: after HELO there are none.</param>
    /// <param name="isUtf8">Whether SMTPUTF8 was among them.</param>
    public InboxReply? CheckMail(string text, bool extended, out bool isUtf8)
    {
        isUtf8 = false;
        if (!TrySplit(text, out var parameters))
            return InboxReply.Syntax("Malformed or repeated parameter");

        foreach (var (name, value) in parameters)
        {
            if (extended ? CheckMail(name, value) is { } wrong : (wrong = unknown) is not null)
                return wrong;

            isUtf8 |= name == "SMTPUTF8";
        }

        return null;
    }

    /// <summary>What is wrong with the parameters of RCPT; null when nothing is.</summary>
    /// <param name="text">As they stand behind the path.</param>
    /// <param name="extended">Whether the client said EHLO.</param>
    public InboxReply? CheckRecipient(string text, bool extended)
    {
        if (!TrySplit(text, out var parameters))
            return InboxReply.Syntax("Malformed or repeated parameter");

        return parameters.Select(parameter => extended ? CheckRecipient(parameter.Name, parameter.Value) : unknown).FirstOrDefault(wrong => wrong is not null);
    }

    private InboxReply? CheckMail(string name, string? value) => name switch
    {
        "SIZE" when options.Size => CheckSize(value),
        "BODY" when options.EightBitMime => Accept(value?.ToUpperInvariant() is "7BIT" or "8BITMIME"),
        "SMTPUTF8" when options.SmtpUtf8 => Accept(value is null),
        "RET" when options.Dsn => Accept(value?.ToUpperInvariant() is "FULL" or "HDRS"),
        "ENVID" when options.Dsn => Accept(value is { Length: > 0 and <= 100 }),
        "AUTH" when options.UserName is not null => Accept(value is { Length: > 0 }),
        _ => unknown,
    };

    private InboxReply? CheckRecipient(string name, string? value) => name switch
    {
        "NOTIFY" when options.Dsn => Accept(IsNotify(value)),
        "ORCPT" when options.Dsn => Accept(value is { Length: <= 500 } && value.IndexOf(';', StringComparison.Ordinal) > 0),
        _ => unknown,
    };

    private InboxReply? CheckSize(string? value)
    {
        if (value is not { Length: > 0 and <= 20 } || !value.All(char.IsAsciiDigit))
            return InboxReply.Syntax("SIZE takes a number");

        return value.Length > 18 || long.Parse(value, CultureInfo.InvariantCulture) > options.MaxMessageBytes ? InboxReply.TooLarge : null;
    }

    /// <summary>RFC 3461 §4.1: NEVER stands alone.</summary>
    private static bool IsNotify(string? value)
    {
        var wishes = value?.ToUpperInvariant().Split(',') ?? [];
        return wishes is ["NEVER"] || (wishes.Length > 0 && wishes.All(wish => wish is "SUCCESS" or "FAILURE" or "DELAY"));
    }

    private static InboxReply? Accept(bool good) => good ? null : InboxReply.Syntax("Wrong value of a parameter");

    private static bool TrySplit(string text, out List<(string Name, string? Value)> parameters)
    {
        parameters = [];
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var pieces = part.Split('=', 2);
            var name = pieces[0].ToUpperInvariant();
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') || parameters.Any(other => other.Name == name))
                return false;

            parameters.Add((name, pieces.Length == 2 ? pieces[1] : null));
        }

        return true;
    }
}
