using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Signing up. The page's own form brings along when it was shown, signed; a form on another site can't, so that its reader is shown ours, filled in,
/// and presses once more. Every address is answered alike.
/// </summary>
internal static class SubscribePages
{
    public static void MapSubscribePages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/n/{newsletter}/subscribe", look, Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/subscribe", look, ShowOnly).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods("/n/{newsletter}/subscribe/form", look, ShowSnippet).ExcludeFromDescription().AllowAnonymous();
        routes.MapPost("/n/{newsletter}/subscribe", Take).ExcludeFromDescription().AllowAnonymous().DisableAntiforgery()
            .WithMetadata(new RequestSizeLimitAttribute(ReaderPage.LargestBody));
    }

    private static async Task<PageShell> Show(string newsletter, HttpContext http, NewsletterStore newsletters, SignUpDesk desk, CancellationToken stop) =>
        await newsletters.FindAsync(newsletter, stop) is { } found ? Form(http, found, desk, "subscribe") : Missing(http);

    /// <summary>The short route serves the only newsletter, else lists them.</summary>
    private static async Task<PageShell> ShowOnly(HttpContext http, NewsletterStore newsletters, SignUpDesk desk, CancellationToken stop)
    {
        var all = await newsletters.ListAsync(new PageRequest(Cursor.Start, 100), stop);
        return all.Items is [var only] ? Form(http, only, desk, $"n/{only.Slug}/subscribe") : List(http, all.Items);
    }

    private static async Task<PageShell> Take(
        string newsletter, HttpContext http, NewsletterStore newsletters, SignUpDesk desk, SignUpOptions options, IJobStarter jobs, CancellationToken stop)
    {
        if (desk.Refusal(http.Connection.RemoteIpAddress) is { } refused)
            return Busy(http.Words(), refused);
        if (await newsletters.FindAsync(newsletter, stop) is not { } found)
            return Missing(http);
        var fields = await http.Request.FieldsAsync(stop);
        var (email, shown) = (fields["email"].ToString(), desk.Read(found.Id, fields["form"]));
        var words = shown is null ? http.Words(newsletters: found.Language) : Phrases.For(shown.Language);
        var outcome = await desk.TakeAsync(shown, email, fields["website"], Wording(words, found), http.Connection.RemoteIpAddress, stop);
        switch (outcome)
        {
            case SignUpOutcome.Taken taken:
                jobs.SendOutbox(taken.OutboxId);
                return Sent(words, found, email, options);
            case SignUpOutcome.Trapped:
                return Sent(words, found, email, options);
            // The form it was sent with is kept, so that the second press is late enough.
            case SignUpOutcome.TooSoon:
                return Form(words, found, "subscribe", fields["form"].ToString(), email, note: "subscribe.once_more");
            case SignUpOutcome.BadAddress:
                return Form(words, found, "subscribe", fields["form"].ToString(), email, error: "subscribe.bad_address");
            case SignUpOutcome.NoForm:
                return Form(words, found, "subscribe", desk.Sign(found.Id, "embed", words.Language), email, note: "subscribe.once_more");
            default:
                return Busy(words, outcome);
        }
    }

    /// <summary>What a reader agrees to, as the form says it in these words.</summary>
    public static string Wording(Phrases words, NewsletterProfile newsletter) => words.Text("subscribe.wording", ("newsletter", newsletter.Name));

    /// <summary>What everybody is told, whoever they are.</summary>
    public static PageShell Sent(Phrases words, NewsletterProfile newsletter, string email, SignUpOptions options) => words.Page(
        words.Text("subscribe.sent.title"),
        Html.Of($"""
            <h1>{words.Text("subscribe.sent.title")}</h1>
            <p class="lead">{words.Say("subscribe.sent.text", ("address", email.Trim()), ("days", $"{options.ConfirmDays}"))}</p>
            <p>{words.Text("subscribe.sent.nothing")}</p>
            <p><a href="?lang={words.Language}">{words.Text("subscribe.sent.back")}</a></p>
            """),
        newsletter.Name);

    /// <summary>Not now: too many came from there, or from everywhere. It names no newsletter, which would have to be looked up.</summary>
    public static PageShell Busy(Phrases words, SignUpOutcome outcome) => outcome switch
    {
        SignUpOutcome.TooMany(var wait) => Busy(words, "subscribe.busy.network", StatusCodes.Status429TooManyRequests, wait),
        SignUpOutcome.Surge(var wait) => Busy(words, "subscribe.busy.surge", StatusCodes.Status503ServiceUnavailable, wait),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static PageShell Busy(Phrases words, string why, int status, TimeSpan wait) => words.Page(
        words.Text("subscribe.busy.title"),
        Html.Of($"""
            <h1>{words.Text("subscribe.busy.title")}</h1>
            <p>{words.Say(why, ("minutes", $"{Math.Max(1, Math.Ceiling(wait.TotalMinutes))}"))}</p>
            """),
        status: status, retryAfter: wait);

    private static PageShell Form(HttpContext http, NewsletterProfile newsletter, SignUpDesk desk, string action)
    {
        var words = http.Words(newsletters: newsletter.Language);
        return Form(words, newsletter, action, desk.Sign(newsletter.Id, "page", words.Language));
    }

    private static PageShell Form(
        Phrases words, NewsletterProfile newsletter, string action, string signed, string email = "", string? note = null, string? error = null) => words.Page(
        words.Text("subscribe.title", ("newsletter", newsletter.Name)),
        Html.Of($"""
            <h1>{words.Say("subscribe.title", ("newsletter", newsletter.Name))}</h1>
            {(note is null ? Html.Of($"<p>{words.Text("subscribe.lead")}</p>") : Html.Of($"""<p class="note" role="status">{words.Text(note)}</p>"""))}
            <form method="post" action="{action}?lang={words.Language}" novalidate>
            <div class="row">
            <label for="email">{words.Text("subscribe.email")}</label>
            <input class="field{(error is null ? "" : " bad")}" id="email" name="email" type="email" dir="ltr" required autocomplete="email" maxlength="254" value="{email}" aria-describedby="{(error is null ? "wording" : "error wording")}"{(error is null ? Html.None : Html.Raw(" aria-invalid=\"true\""))}>
            {(error is null ? Html.None : Html.Of($"""<p class="note warn" id="error" role="alert">{words.Text(error)}</p>"""))}
            </div>
            <div class="visually-hidden" aria-hidden="true"><label for="website">{words.Text("subscribe.trap")}</label><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
            <input type="hidden" name="form" value="{signed}">
            <p class="muted small" id="wording">{words.Say("subscribe.wording", ("newsletter", newsletter.Name))}</p>
            <div class="actions"><button class="button" type="submit">{words.Text("subscribe.button")}</button></div>
            </form>
            """),
        newsletter.Name,
        error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private static PageShell List(HttpContext http, IReadOnlyList<NewsletterProfile> newsletters)
    {
        var words = http.Words();
        return words.Page(
            words.Text("newsletter.list.title"),
            newsletters.Count == 0
                ? Html.Of($"<h1>{words.Text("newsletter.list.title")}</h1><p>{words.Text("newsletter.list.none")}</p>")
                : Html.Of($"""
                    <h1>{words.Text("newsletter.list.title")}</h1>
                    <ul class="plain">
                    {newsletters.Select(newsletter => Html.Of($"""<li><a href="n/{newsletter.Slug}/subscribe?lang={words.Language}"><bdi>{newsletter.Name}</bdi></a></li>"""))}
                    </ul>
                    """));
    }

    private static PageShell Missing(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("newsletter.missing.title"), words.Say("newsletter.missing.text"), status: StatusCodes.Status404NotFound);
    }

    /// <summary>For whoever writes another site: the form to copy there. It works without a script and without telling us beforehand.</summary>
    private static async Task<PageShell> ShowSnippet(string newsletter, HttpContext http, NewsletterStore newsletters, PublicSite site, CancellationToken stop)
    {
        if (await newsletters.FindAsync(newsletter, stop) is not { } found)
            return Missing(http);
        var words = http.Words(newsletters: found.Language);
        return words.Page(
            words.Text("subscribe.title", ("newsletter", found.Name)),
            Html.Of($"""
                <h1>{words.Say("subscribe.title", ("newsletter", found.Name))}</h1>
                <pre dir="ltr" tabindex="0">{Snippet(words, site.Subscribe(found.Slug))}</pre>
                """),
            found.Name);
    }

    private static string Snippet(Phrases words, string url) => Html.Of($"""
        <form action="{url}?lang={words.Language}" method="post" accept-charset="utf-8">
          <label>{words.Text("subscribe.email")} <input type="email" name="email" required autocomplete="email"></label>
          <input type="text" name="website" tabindex="-1" autocomplete="off" aria-hidden="true" style="position:absolute;left:-9999px">
          <button type="submit">{words.Text("subscribe.button")}</button>
        </form>
        """).ToString();
}
