using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Leaving. A GET shows a page with a button and changes nothing, because link scanners follow every link in a mail;
/// a POST acts: the button's, or the mail client's one click (RFC 8058 §3.2), which has no cookie, no login and no session.
/// What the page's buttons do stands in the query, so that a bare POST is always the one click.
/// </summary>
internal static class UnsubscribePages
{
    private const string Route = "/unsubscribe/{token}";

    public static void MapUnsubscribePages(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Route, [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();
        // Two kinds of form are allowed (RFC 8058 §3.2), both tiny. The one click's body is not even read: whoever POSTs has the token.
        routes.MapPost(Route, Act).ExcludeFromDescription().AllowAnonymous().DisableAntiforgery()
            .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(ReaderPage.LargestBody));
    }

    private static async Task<PageShell> Show(string token, HttpContext http, KeyRing keys, UnsubscribeStore store, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not var (link, page))
            return ReaderPage.Broken(http);
        var words = Words(http, page);
        if (link.SubscriberId == 0)
            return Test(words, page);
        return page.Status is "active" or "pending" ? Question(words, page) : Gone(words, page);
    }

    private static async Task<PageShell> Act(
        string token, HttpContext http, KeyRing keys, UnsubscribeStore store, PreferencesStore preferences, IJobStarter jobs, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not var (link, page))
            return ReaderPage.Broken(http);
        var words = Words(http, page);
        if (link.SubscriberId == 0)
            return Test(words, page);
        var asked = http.Request.Query;
        if (asked.ContainsKey("undo"))
            return await UndoAsync(words, link, page, http, store, stop);
        if (asked.ContainsKey("pause"))
            return await PauseAsync(words, link, page, http, preferences, stop);
        if (asked.ContainsKey("digest"))
            return await DigestAsync(words, link, page, http, preferences, stop);
        if (asked.ContainsKey("link"))
            return await MailLinkAsync(words, link, page, preferences, jobs, stop);
        if (asked.ContainsKey("all"))
        {
            await store.LeaveAllAsync(link.SubscriberId, link.IssueId, Departure.Of(null, null, From(http)), stop);
            return Gone(words, page with { CanUndo = true }, all: true);
        }

        await LeaveAsync(link, http, store, asked.ContainsKey("page"), stop);
        return Gone(words, await store.FindAsync(link.NewsletterId, link.SubscriberId, stop) ?? page);
    }

    private static async Task LeaveAsync(UnsubscribeToken link, HttpContext http, UnsubscribeStore store, bool byPage, CancellationToken stop)
    {
        var said = byPage ? await http.Request.FieldsAsync(stop) : FormCollection.Empty;
        await store.LeaveAsync(
            link.NewsletterId, link.SubscriberId, link.IssueId, byPage ? "page" : "one_click", stop, Departure.Of(said["reason"], said["note"], From(http)));
    }

    private static async Task<PageShell> UndoAsync(
        Phrases words, UnsubscribeToken link, UnsubscribePageModel page, HttpContext http, UnsubscribeStore store, CancellationToken stop) =>
        await store.UndoAsync(link.NewsletterId, link.SubscriberId, From(http), stop) || page.Status is "active" or "pending"
            ? words.Notice(words.Text("leave.undone.title"), words.Say("leave.undone.text"), page.Name)
            : words.Page(
                words.Text("leave.late.title"),
                Html.Of($"""
                    <h1>{words.Text("leave.late.title")}</h1>
                    <p>{words.Say("leave.late.text", ("newsletter", page.Name))}</p>
                    {SignUpAgain(words, page)}
                    """),
                page.Name,
                StatusCodes.Status409Conflict);

    private static async Task<PageShell> PauseAsync(
        Phrases words, UnsubscribeToken link, UnsubscribePageModel page, HttpContext http, PreferencesStore preferences, CancellationToken stop) =>
        await preferences.PauseAsync(link.SubscriberId, link.NewsletterId, From(http), stop) is { } until
            ? words.Notice(
                words.Text("leave.paused.title", ("day", words.Day(DateOnly.FromDateTime(until.UtcDateTime)))), words.Say("leave.paused.text", ("newsletter", page.Name)), page.Name)
            : Gone(words, page);

    private static async Task<PageShell> DigestAsync(
        Phrases words, UnsubscribeToken link, UnsubscribePageModel page, HttpContext http, PreferencesStore preferences, CancellationToken stop)
    {
        if (page.Status != "active")
            return Gone(words, page);
        return await preferences.TakeDigestAsync(link.SubscriberId, link.NewsletterId, (words.Text("leave.digest"), words.Language), From(http), stop)
            ? words.Notice(words.Text("leave.digest.title"), words.Say("leave.digest.text", ("newsletter", page.Name)), page.Name)
            : Question(words, page);
    }

    // The link to the preferences shows and changes more than this page: it goes to the address, not to whoever holds a mail that was passed on.
    private static async Task<PageShell> MailLinkAsync(
        Phrases words, UnsubscribeToken link, UnsubscribePageModel page, PreferencesStore preferences, IJobStarter jobs, CancellationToken stop)
    {
        if (await preferences.MailLinkAsync(link.SubscriberId, link.NewsletterId, stop) is { } mail)
            jobs.SendOutbox(mail);
        return words.Notice(words.Text("subscribe.sent.title"), words.Say("leave.link.sent"), page.Name);
    }

    private static async Task<(UnsubscribeToken Link, UnsubscribePageModel Page)?> FindAsync(string token, KeyRing keys, UnsubscribeStore store, CancellationToken stop) =>
        UnsubscribeToken.Verify(keys, token) is { } link && await store.FindAsync(link.NewsletterId, link.SubscriberId, stop) is { } page
            ? (link, page)
            : null;

    private static Phrases Words(HttpContext http, UnsubscribePageModel page) => http.Words(page.ReaderLanguage, page.Language);

    private static string? From(HttpContext http) => http.Connection.RemoteIpAddress?.ToString();

    private static PageShell Question(Phrases words, UnsubscribePageModel page) => words.Page(
        words.Text("leave.title", ("newsletter", page.Name)),
        Html.Of($"""
            <h1>{words.Say("leave.title", ("newsletter", page.Name))}</h1>
            <p>{words.Text("leave.text")}</p>
            <form method="post" action="?page&amp;lang={words.Language}">
            <details>
            <summary>{words.Text("leave.reason.legend")}</summary>
            <fieldset>
            <legend class="visually-hidden">{words.Text("leave.reason.legend")}</legend>
            {Reasons(words)}
            </fieldset>
            <div class="row"><label for="note">{words.Text("leave.note")}</label><textarea class="field" id="note" name="note" maxlength="{Departure.LongestNote}" dir="auto"></textarea></div>
            </details>
            <div class="actions"><button class="button" type="submit">{words.Text("leave.button")}</button></div>
            </form>
            {Less(words, page)}
            {All(words, page)}
            """),
        page.Name);

    private static Html Reasons(Phrases words) => Html.Of($"""
        {Reason("too_many", words.Text("leave.reason.too_many"))}{Reason("not_interesting", words.Text("leave.reason.not_interesting"))}
        {Reason("never_asked", words.Text("leave.reason.never_asked"))}{Reason("unreadable", words.Text("leave.reason.unreadable"))}{Reason("other", words.Text("leave.reason.other"))}
        """);

    private static Html Reason(string value, string label) =>
        Html.Of($"""<label class="choice"><input type="radio" name="reason" value="{value}">{label}</label>""");

    private static Html Less(Phrases words, UnsubscribePageModel page) => page.Status != "active" ? Html.None : Html.Of($"""
        <section class="apart">
        <h2>{words.Text("leave.less.title")}</h2>
        <div class="actions">
        {Button(words, "pause", "leave.pause")}{(page.MayTakeDigest ? Button(words, "digest", "leave.digest") : Html.None)}{Button(words, "link", "leave.link.button")}
        </div>
        </section>
        """);

    private static Html All(Phrases words, UnsubscribePageModel page) => page.Others == 0 ? Html.None : Html.Of($"""
        <section class="apart">
        <h2>{words.Text("leave.all.title")}</h2>
        <div class="actions">{Button(words, "all", "leave.all.button")}</div>
        </section>
        """);

    private static Html Button(Phrases words, string what, string label) =>
        Html.Of($"""<form method="post" action="?{what}&amp;lang={words.Language}"><button class="button quiet" type="submit">{words.Text(label)}</button></form>""");

    private static PageShell Gone(Phrases words, UnsubscribePageModel page, bool all = false) => words.Page(
        words.Text("leave.done.title"),
        Html.Of($"""
            <h1>{words.Text("leave.done.title")}</h1>
            <p>{(all ? words.Say("leave.done.all") : words.Say("leave.done.text", ("newsletter", page.Name)))}</p>
            {(page.CanUndo ? Undo(words) : SignUpAgain(words, page))}
            {(all ? Html.None : All(words, page))}
            """),
        page.Name);

    private static Html Undo(Phrases words) => Html.Of($"""
        <section class="apart">
        <p>{words.Text("leave.undo.text")}</p>
        <div class="actions">{Button(words, "undo", "leave.undo.button")}</div>
        </section>
        """);

    private static Html SignUpAgain(Phrases words, UnsubscribePageModel page) =>
        Html.Of($"""<p><a href="../n/{page.Slug}/subscribe?lang={words.Language}">{words.Say("subscribe.title", ("newsletter", page.Name))}</a></p>""");

    // A test send has no subscriber: its link works as a link, and unsubscribes nobody.
    private static PageShell Test(Phrases words, UnsubscribePageModel page) =>
        words.Notice(words.Text("leave.test.title"), words.Say("leave.test.text", ("newsletter", page.Name)), page.Name);
}
