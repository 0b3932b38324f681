namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>
/// Which of several enhanced status codes to believe. RFC 3463 §3 orders them by what they say: x.0.0 nothing, x.y.0 little, and some are
/// what servers answer when something else went wrong (x.5.z of commands, 5.3.z of the system, 4.4.7 of having given up).
/// </summary>
internal static class StatusChoice
{
    /// <summary>The code that says most among those in a text; empty where it has none.</summary>
    public static string Within(string text)
    {
        var chosen = "";
        var empty = "";
        foreach (var status in Conversation.Statuses(text).Take(20))
        {
            if (SaysNothing(status) || status == "4.4.7")
                empty = status;
            else
                chosen = Between(chosen, status, "");
        }

        return chosen.Length > 0 ? chosen : empty;
    }

    /// <param name="told">The reporter's own, of the Status field.</param>
    /// <param name="quoted">The one in what the remote server said.</param>
    /// <param name="replyCode">What the remote server said it with: settles a dispute of 4 against 5. Empty where it isn't known.</param>
    public static string Between(string told, string quoted, string replyCode)
    {
        if (told.Length == 0 || quoted.Length == 0 || told == quoted)
            return told.Length == 0 ? quoted : told;
        if (told[0] != quoted[0] && replyCode.Length > 0 && (replyCode[0] == told[0] || replyCode[0] == quoted[0]))
            return replyCode[0] == told[0] ? told : quoted;
        if (SaysNothing(told) || SaysNothing(quoted))
            return SaysNothing(told) && !SaysNothing(quoted) ? quoted : told;
        return HasZero(told) && !HasZero(quoted) || SaysLess(told, quoted) ? quoted : told;
    }

    public static bool SaysNothing(string status) => status.EndsWith(".0.0", StringComparison.Ordinal);

    private static bool HasZero(string status) => status.Contains(".0", StringComparison.Ordinal);

    private static bool SaysLess(string told, string quoted) => told switch
    {
        "4.4.7" or "4.7.0" => true,
        ['5', '.', '3', '.', ..] or [_, '.', '5', '.', '1' or '2' or '4' or '5'] => true,
        "5.1.1" => !HasZero(quoted) && !quoted.StartsWith("5.5.", StringComparison.Ordinal),
        "5.1.3" => quoted.StartsWith("5.7.", StringComparison.Ordinal),
        _ => false,
    };
}
