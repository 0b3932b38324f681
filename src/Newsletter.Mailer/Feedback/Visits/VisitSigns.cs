namespace Newsletter.Mailer.Feedback.Visits;

/// <summary>By what a visit shows that no person made it, or that a mail program's own server did. When it came is for <see cref="ClickStore"/> to judge.</summary>
public static class VisitSigns
{
    /// <summary>Asked for in a way that no click does: HEAD, or a browser fetching ahead.</summary>
    public const string Method = "method";

    /// <summary>The program names itself as one that nobody reads with.</summary>
    public const string Agent = "agent";

    // In lower case. Programs that check the links of mail before or after it is read; that show a link's title and picture in a chat; that collect
    // pages; and libraries that programs are written with. What is left out is what a browser may be called: "bot" alone stands in names of phones.
    private static readonly string[] s_machines =
    [
        "barracuda", "proofpoint", "mimecast", "symantec", "messagelabs", "fireeye", "trellix", "sophos", "trendmicro", "trend micro", "forcepoint", "websense",
        "ironport", "zscaler", "cloudmark", "bitdefender", "kaspersky", "urlscan", "virustotal", "safe browsing", "safelinks", "scanner",
        "bot/", "bot;", "bot)", "bots/", "bot-", "googlebot", "bingbot", "crawl", "spider", "slurp", "facebookexternalhit", "facebookcatalog", "linkpreview",
        "link preview", "bingpreview", "skypeuripreview", "whatsapp/", "telegrambot", "slackbot", "discordbot", "embedly", "googleother", "google-read-aloud",
        "curl/", "wget/", "python", "go-http-client", "java/", "okhttp", "libwww", "lwp::", "axios", "node-fetch", "undici", "httpclient", "http-client", "ruby",
        "php/", "guzzle", "restsharp", "headlesschrome", "phantomjs", "electron-fetch", "monitor",
    ];

    // Servers that fetch the pictures of a mail for their readers, some of them when the mail arrives and not when it is opened.
    private static readonly string[] s_proxies = ["googleimageproxy", "ggpht.com", "yahoomailproxy", "yahoo! mail proxy", "imageproxy", "image proxy"];

    /// <summary>What a click has about it that no person's has; null: nothing.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="agent">User-Agent; null where there was none.</param>
    /// <param name="fetchedAhead">Whether the browser said that it only fetches ahead (Sec-Purpose, Purpose, X-Moz).</param>
    public static string? OfClick(string method, string? agent, bool fetchedAhead)
    {
        if (method is not "GET" || fetchedAhead)
            return Method;
        return IsMachine(agent) ? Agent : null;
    }

    /// <summary>Who loaded the picture of an opened mail.</summary>
    public static OpenedBy OfOpen(string method, string? agent, bool fetchedAhead)
    {
        // Apple's Mail Privacy Protection says this and no more, and loads every picture whether the mail is read or not.
        if (agent?.Trim() is "Mozilla/5.0" || Contains(agent, s_proxies))
            return OpenedBy.Proxy;
        return OfClick(method, agent, fetchedAhead) is null ? OpenedBy.Human : OpenedBy.Machine;
    }

    // Nobody reads with a program without a name, nor with one that names no version.
    private static bool IsMachine(string? agent) =>
        string.IsNullOrWhiteSpace(agent) || agent.Trim() is "Mozilla/5.0" || Contains(agent, s_machines) && !agent.Contains("cubot", StringComparison.OrdinalIgnoreCase);

    private static bool Contains(string? agent, string[] words) => agent is not null && Array.Exists(words, word => agent.Contains(word, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Who loaded the picture of an opened mail.</summary>
public enum OpenedBy
{
    /// <summary>A mail program that somebody reads with.</summary>
    Human,

    /// <summary>A provider's own server, for somebody or ahead of them: which of the two, nobody can tell.</summary>
    Proxy,

    /// <summary>A scanner.</summary>
    Machine,
}
