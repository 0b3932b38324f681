using System.Globalization;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>The list of what arrived, newest first.</summary>
internal static class InboxListView
{
    public static PageShell Page(ReceivedMessages all, InboxPage page, string wanted) => new()
    {
        Title = wanted.Length == 0 ? "Inbox" : $"Inbox: {wanted}",
        Site = "Newsletter.Mailer",
        SitePath = "/inbox",
        Width = PageWidth.Desk,
        Style = InboxStyle.Sheet,
        Body = Html.Of($"""
            <div class="head">
            <div><h1>Inbox</h1><p class="muted">What was sent through the built-in relay. None of it left this machine.</p></div>
            {Figures(all)}
            </div>
            <form class="search" method="get" action="/inbox" role="search">
            <label class="visually-hidden" for="q">Recipient</label>
            <input class="field" type="search" id="q" name="q" value="{wanted}" placeholder="Find a recipient" autocomplete="off" spellcheck="false" maxlength="254">
            <button class="button">Find</button>
            <a class="button quiet" href="{Address(wanted, null)}">Refresh</a>
            </form>
            {(page.Messages.Count == 0 ? Empty(page, wanted) : Found(page, wanted))}
            """),
    };

    /// <summary>The path of the list: the words searched for, and where the page begins.</summary>
    public static string Address(string wanted, string? from)
    {
        var query = string.Join('&', new[] { wanted.Length == 0 ? "" : $"q={Uri.EscapeDataString(wanted)}", from ?? "" }.Where(part => part.Length > 0));
        return query.Length == 0 ? "/inbox" : $"/inbox?{query}";
    }

    public static string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000.0:0.#} KB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000.0:0.#} MB"),
    };

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string At(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM yyyy, HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Machine(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string Subject(string subject) => subject.Length == 0 ? "(no subject)" : subject;

    private static Html Figures(ReceivedMessages all) => Html.Of($"""
        <dl class="figures">
        <div><dt>Messages</dt><dd>{Count(all.Count)}</dd></div>
        <div><dt>Recipients</dt><dd>{Count(all.DistinctRecipients)}</dd></div>
        <div><dt>Message-IDs</dt><dd>{Count(all.DistinctMessageIds)}</dd></div>
        </dl>
        """);

    private static Html Empty(InboxPage page, string wanted) => wanted.Length > 0
        ? Html.Of($"""<p class="empty">No message to a recipient with <b><bdi>{wanted}</bdi></b> in the address. <a href="/inbox">Show all</a></p>""")
        : page.Total > 0
            ? Html.Of($"""<p class="empty">There is nothing on this page. <a href="/inbox">Show the newest</a></p>""")
            : Html.Of($"""<p class="empty">Nothing has arrived yet. Send an edition, then refresh.</p>""");

    private static Html Found(InboxPage page, string wanted) => Html.Of($"""
        {(wanted.Length == 0 ? Html.None : Html.Of($"""<p class="muted" role="status">{Count(page.Total)} to <b><bdi>{wanted}</bdi></b>. <a href="/inbox">Show all</a></p>"""))}
        <table class="mail" role="table">
        <caption class="visually-hidden">Messages, newest first</caption>
        <thead role="rowgroup"><tr role="row">
        <th scope="col" role="columnheader">To</th><th scope="col" role="columnheader">Subject and Message-ID</th>
        <th scope="col" role="columnheader" class="end">Size</th><th scope="col" role="columnheader" class="end">Arrived (UTC)</th>
        </tr></thead>
        <tbody role="rowgroup">
        {page.Messages.Select(Row)}
        </tbody>
        </table>
        <nav class="pages" aria-label="Pages">
        {Step(page.HasNewer, "Newest", Address(wanted, null))}
        {Step(page.HasNewer, "Newer", Address(wanted, $"after={page.Messages[0].Number}"))}
        {Step(page.HasOlder, "Older", Address(wanted, $"before={page.Messages[^1].Number}"))}
        </nav>
        """);

    private static Html Row(ReceivedMessage message) => Html.Of($"""
        <tr role="row">
        <td role="cell" class="to"><bdi>{message.Recipients[0]}</bdi>{(message.Recipients.Count == 1 ? Html.None : Html.Of($"""<span class="more">+{message.Recipients.Count - 1}</span>"""))}</td>
        <td role="cell" class="what"><a href="/inbox/{message.Number}"><bdi>{Subject(message.Subject)}</bdi></a><span class="mono muted">{message.MessageId}</span></td>
        <td role="cell" class="size end muted">{Size(message.Size)}</td>
        <td role="cell" class="when end muted"><time datetime="{Machine(message.ReceivedAt)}">{message.ReceivedAt.UtcDateTime.ToString("d MMM HH:mm:ss", CultureInfo.InvariantCulture)}</time></td>
        </tr>
        """);

    private static Html Step(bool possible, string name, string address) =>
        possible ? Html.Of($"""<a class="button quiet" href="{address}">{name}</a>""") : Html.None;
}
