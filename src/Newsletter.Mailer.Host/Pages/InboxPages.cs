using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>What the built-in inbox got, to look at: readers' mail, with the links that act for them.</summary>
internal sealed class InboxPages
{
    private const int PerPage = 50;
    private const int MostPerAnswer = 1000;

    /// <summary>
    /// Whatever a mail holds, it can't run scripts, send forms or reach this site. Only its links work, in a window of their own:
    /// following them is what one looks at a test mail for.
    /// </summary>
    private const string MailPolicy =
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; frame-ancestors 'self'";

    private readonly Func<InboxServer?> running;

    private InboxPages(Func<InboxServer?> running) => this.running = running;

    private InboxServer Inbox => running() ?? throw new InvalidOperationException("The filter lets nobody through while there is no inbox.");

    /// <summary>Maps the pages. Who may see them is for the caller to say.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="running">The inbox; null while there is none, and every page is then 404.</param>
    public static RouteGroupBuilder Map(IEndpointRouteBuilder routes, Func<InboxServer?> running)
    {
        var pages = new InboxPages(running);
        var inbox = routes.MapGroup("/inbox").ExcludeFromDescription();
        inbox.AddEndpointFilter(async (context, next) => running() is null ? InboxMessagePage.NoInbox() : await next(context));
        inbox.MapGet("", pages.List);
        inbox.MapGet("/messages.json", pages.Messages);
        inbox.MapGet("/{number:long}", pages.Message);
        inbox.MapGet("/{number:long}/html", pages.MailHtml);
        inbox.MapGet("/{number:long}/raw", pages.Raw);
        return inbox;
    }

    private PageShell List(string? q, string? before, string? after)
    {
        var inbox = Inbox;
        var wanted = q?.Trim() ?? "";
        var page = inbox.Messages.List(PerPage, Number(before), Number(after), wanted);
        return InboxListView.Page(inbox.Messages, page, wanted);
    }

    private Results<JsonHttpResult<InboxAnswer>, ProblemHttpResult> Messages(long after = 0, int limit = 100)
    {
        if (limit is < 1 or > MostPerAnswer)
            return Problems.Invalid("limit", $"It can't be {limit}; it must be from 1 to {MostPerAnswer}.");
        if (after < 0)
            return Problems.Invalid("after", $"It can't be {after}; it is the number of a message, or 0 for all.");

        var inbox = Inbox;
        var found = inbox.Messages.After(after, limit);
        return TypedResults.Json(
            new InboxAnswer(found, found.Count == limit ? found[^1].Number : null, inbox.Messages.Count, inbox.Messages.DistinctRecipients, inbox.Messages.DistinctMessageIds),
            ApiJson.Options);
    }

    private PageShell Message(long number, string? view, string? width)
    {
        var inbox = Inbox;
        if (inbox.Messages.Find(number) is not { } message)
            return InboxMessagePage.Missing(number);

        var body = inbox.Messages.ReadBody(number);
        var parsed = body is null ? null : InboxMessageView.Parse(body.Bytes);
        var copies = message.MessageId.Length == 0 ? null : inbox.Messages.CopiesOf(message.MessageId);
        return InboxMessagePage.Page(new InboxMessagePage.Shown(message, body, parsed, copies, inbox.Messages.Count), view, width == "phone");
    }

    private IResult MailHtml(long number, HttpContext http)
    {
        if (Inbox.Messages.ReadBody(number) is not { } body || InboxMessageView.Parse(body.Bytes).Html is not { } html)
            return Problems.NotFound("HTML of message", number);

        http.Response.Headers.ContentSecurityPolicy = MailPolicy;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return TypedResults.Text(WithNewWindows(html), "text/html", Encoding.UTF8);
    }

    private IResult Raw(long number, HttpContext http)
    {
        if (Inbox.Messages.ReadBody(number) is not { } body)
            return Problems.NotFound("kept message", number);

        http.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(body.Bytes, "message/rfc822", $"message-{number}.eml");
    }

    /// <summary>A link opened in the frame would find our pages refusing to be framed.</summary>
    private static string WithNewWindows(string html)
    {
        var head = html.IndexOf("<head", StringComparison.OrdinalIgnoreCase);
        var end = head < 0 ? -1 : html.IndexOf('>', head);
        return html.Insert(end + 1, "<base target=\"_blank\">");
    }

    /// <summary>A page that was asked for wrongly is the first one.</summary>
    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Puts the inbox's pages among the routes.</summary>
internal static class InboxPageRoutes
{
    /// <inheritdoc cref="InboxPages.Map"/>
    public static RouteGroupBuilder MapInboxPages(this IEndpointRouteBuilder routes, Func<InboxServer?> running) => InboxPages.Map(routes, running);
}

/// <summary>What arrived, for scripts.</summary>
/// <param name="Messages">In the order of arrival, from the one after <c>after</c>.</param>
/// <param name="Next">What to pass as <c>after</c> for those that follow; null when these were the last.</param>
/// <param name="Total">Messages that arrived.</param>
/// <param name="Recipients">Different recipients among them, compared without case.</param>
/// <param name="MessageIds">Different Message-IDs among them.</param>
internal sealed record InboxAnswer(IReadOnlyList<ReceivedMessage> Messages, long? Next, long Total, long Recipients, long MessageIds);
