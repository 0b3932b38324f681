using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>One message: what the envelope and header say, and its HTML, text or source.</summary>
internal static class InboxMessagePage
{
    /// <summary>A message and all that is known of it; body and parsed view are null when its bytes weren't kept.</summary>
    public sealed record Shown(ReceivedMessage Message, ReceivedBody? Body, InboxMessageView? View, MessageCopies? Copies, long Newest);

    public static PageShell Page(Shown shown, string? view, bool phone)
    {
        var message = shown.Message;
        var chosen = Choose(shown, view);
        return new PageShell
        {
            Title = $"{InboxListView.Subject(message.Subject)} – Inbox",
            Site = "Newsletter.Mailer",
            SitePath = "/inbox",
            Width = PageWidth.Desk,
            Style = InboxStyle.Sheet,
            HasFrame = chosen == "html",
            Body = Html.Of($"""
                <nav class="beside" aria-label="Messages">
                <a href="/inbox">All messages</a>
                {(message.Number < shown.Newest ? Html.Of($"""<a href="/inbox/{message.Number + 1}" rel="prev">Newer</a>""") : Html.None)}
                {(message.Number > 1 ? Html.Of($"""<a href="/inbox/{message.Number - 1}" rel="next">Older</a>""") : Html.None)}
                </nav>
                <h1 dir="auto">{InboxListView.Subject(message.Subject)}</h1>
                {Facts(shown)}
                {(shown.View is null ? NotKept() : Content(shown, chosen, phone))}
                """),
        };
    }

    public static PageShell Missing(long number) => new()
    {
        Title = "No such message – Inbox",
        Site = "Newsletter.Mailer",
        SitePath = "/inbox",
        Status = StatusCodes.Status404NotFound,
        Body = Html.Of($"""
            <h1>No message {number}</h1>
            <p>The inbox counts its messages from 1, and begins anew whenever the program starts.</p>
            <p class="actions"><a class="button" href="/inbox">Show the newest</a></p>
            """),
    };

    public static PageShell NoInbox() => new()
    {
        Title = "No inbox",
        Site = "Newsletter.Mailer",
        Status = StatusCodes.Status404NotFound,
        Body = Html.Of($"""
            <h1>There is no inbox here</h1>
            <p>This installation sends through a relay of its own. The built-in inbox runs in the demo, and where <code class="mono">Inbox:Enabled</code> is true.</p>
            """),
    };

    /// <summary>What was asked for where the message has it, else the first that it has.</summary>
    private static string Choose(Shown shown, string? view) => view switch
    {
        _ when shown.View is null => "",
        "source" => "source",
        "text" when shown.View.Text is not null => "text",
        _ => shown.View.Html is not null ? "html" : shown.View.Text is not null ? "text" : "source",
    };

    private static Html Facts(Shown shown)
    {
        var message = shown.Message;
        return Html.Of($"""
            <dl class="facts envelope">
            {(shown.View is null ? Html.None : Html.Of($"""<dt>From</dt><dd><bdi>{shown.View.From}</bdi></dd>"""))}
            <dt>To</dt><dd><bdi>{string.Join(", ", message.Recipients)}</bdi></dd>
            <dt>Sender</dt><dd class="mono">{(message.Sender.Length == 0 ? "<>" : message.Sender)}</dd>
            <dt>Arrived</dt><dd><time datetime="{InboxListView.Machine(message.ReceivedAt)}">{InboxListView.At(message.ReceivedAt)}</time> <span class="muted">· {InboxListView.Size(message.Size)}{Way(shown.Body)}</span></dd>
            <dt>Message-ID</dt><dd class="mono">{(message.MessageId.Length == 0 ? "none" : message.MessageId)}</dd>
            <dt>SHA-256</dt><dd class="mono">{message.Sha256}</dd>
            {(shown.View is { Attachments.Count: > 0 } view ? Html.Of($"""<dt>Attached</dt><dd><bdi>{string.Join(", ", view.Attachments)}</bdi></dd>""") : Html.None)}
            </dl>
            {(shown.Copies is { Copies.Count: > 1 } copies ? Copies(copies) : Html.None)}
            """);
    }

    private static string Way(ReceivedBody? body) => body is null ? ""
        : $", by {(body.Chunked ? "BDAT" : "DATA")} on connection {InboxListView.Count(body.Connection)}{(body.Secured ? ", TLS" : "")}{(body.User is null ? "" : $", as {body.User}")}";

    private static Html Copies(MessageCopies copies) => Html.Of($"""
        <p class="note warn">This Message-ID came {copies.Copies.Count} times, {(copies.HashesAgree ? "each copy byte for byte the same" : "and the copies differ")}:
        {copies.Copies.Take(20).Select(copy => Html.Of($""" <a href="/inbox/{copy.Number}">{copy.Number}</a>"""))}</p>
        """);

    private static Html NotKept() => Html.Of($"""
        <p class="note">Its text is gone: only the latest messages are kept whole, of older ones what stands above.</p>
        """);

    private static Html Content(Shown shown, string chosen, bool phone) => Html.Of($"""
        <div class="bar">
        <nav class="tabs" aria-label="Parts">
        {Tab(shown, "html", "HTML", chosen, shown.View!.Html is not null)}
        {Tab(shown, "text", "Text", chosen, shown.View.Text is not null)}
        {Tab(shown, "source", "Source", chosen, true)}
        </nav>
        <p>{(chosen == "html" ? WidthLink(shown.Message.Number, phone) : Html.None)} <a href="/inbox/{shown.Message.Number}/raw">Download</a></p>
        </div>
        {Part(shown, chosen, phone)}
        """);

    private static Html Tab(Shown shown, string view, string name, string chosen, bool there) =>
        !there ? Html.None
        : view == chosen ? Html.Of($"""<a href="/inbox/{shown.Message.Number}?view={view}" aria-current="page">{name}</a>""")
        : Html.Of($"""<a href="/inbox/{shown.Message.Number}?view={view}">{name}</a>""");

    private static Html WidthLink(long number, bool phone) => phone
        ? Html.Of($"""<a href="/inbox/{number}?view=html">As wide as the window</a>""")
        : Html.Of($"""<a class="narrower" href="/inbox/{number}?view=html&amp;width=phone">As on a phone</a>""");

    private static Html Part(Shown shown, string chosen, bool phone) => chosen switch
    {
        "html" => Html.Of($"""<iframe class="{(phone ? "letter phone" : "letter")}" title="The message as HTML" src="/inbox/{shown.Message.Number}/html" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>"""),
        "text" => Html.Of($"""<pre class="letter" tabindex="0" role="region" aria-label="The message as text" dir="auto">{shown.View!.Text}</pre>"""),
        _ => Html.Of($"""
            {(shown.View!.SourceIsWhole ? Html.None : Html.Of($"""<p class="note">Only its first {InboxListView.Size(InboxMessageView.MaxSourceBytes)} are shown; download it for the rest.</p>"""))}
            <pre class="letter source" tabindex="0" role="region" aria-label="The message as it was sent">{shown.View.Source}</pre>
            """),
    };
}
