using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Smtp;

/// <summary>
/// What servers write when they want a slower pace and their status doesn't say so: data. Each entry stands for replies seen in the
/// world and carries one that it alone catches, so that nobody has to wonder what it is good for.
/// </summary>
internal static class ThrottlingTexts
{
    /// <summary>A pattern, and a reply that needs it.</summary>
    internal sealed record Known(string Pattern, string Example)
    {
        private readonly Regex _regex = new(Pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

        public bool Says(string text) => _regex.IsMatch(text);
    }

    public static IReadOnlyList<Known> All { get; } =
    [
        new(@"rate[- ]?limit", "Our system has put a rate limit on your address"),
        new(@"(sending|message|connection|maximum|mail) rate|rate (is |was )?(exceeded|too high)", "Maximum send rate exceeded, try later"),
        new(@"throttl", "Message throttled, try again shortly"),
        new(@"too (many|much) (messages|mails?|emails|connections|recipients|sessions|e-mails)", "Too many connections from your host"),
        new(@"trop de connexions|zu viele (verbindungen|nachrichten)", "Trop de connexions, veuillez reessayer"),
        new(@"too (fast|frequent|quickly)|slow(ing)? down", "Please slow down"),
        new(@"(unexpected|high) volume|volume of (e?mail|messages)", "Messages temporarily deferred due to unexpected volume or user complaints"),
        new(@"unusual (rate|traffic|amount)", "We see unusual traffic from your server"),
        new(@"receiving mail at a rate", "The user you are trying to contact is receiving mail at a rate that prevents delivery"),
        new(@"(daily|hourly|sending) (sending )?(quota|limit)|quota exceeded for sending", "Your daily sending quota is used up"),
        new(@"server busy", "Server busy. Please try again later from [192.0.2.1]"),
        new(@"(ip|sender|domain|connection) frequency limited", "Ip frequency limited"),
        new(@"exceeded (the )?maximum number of (connections|messages)", "The mail server has exceeded maximum number of messages per connection"),
        new(@"max(imum)? (number of )?(concurrent )?connections|max messages? per connection", "Refused due to exceed max concurrent connections"),
        new(@"\[(ts0[1-4]|tss?\d\d|ipts\d\d)\]", "[TSS04] Messages from 192.0.2.1 deferred"),
        new(@"\[hc?m1\]|\[bs02\]", "[HM1] Your mail was put off"),
        new(@"resources? (temporarily )?(unavailable|exhausted) for (your|this) (host|address|sender)", "Resources temporarily unavailable for your host"),
    ];

    public static bool Include(string text)
    {
        foreach (var known in All)
        {
            if (known.Says(text))
                return true;
        }

        return false;
    }
}
