using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Double opt-in. Looking changes nothing, however often (STANDARDS S12): link scanners come before the reader does. Buttons act.</summary>
internal static class ConfirmPages
{
    private const string Route = "/confirm/{token}";

    public static void MapConfirmPages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods(Route, look, Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods(Route + "/not-me", look, ShowNotMe).ExcludeFromDescription().AllowAnonymous();
        foreach (var post in (IEndpointConventionBuilder[])
            [routes.MapPost(Route, Confirm), routes.MapPost(Route + "/not-me", NotMe), routes.MapPost(Route + "/again", Again)])
            post.ExcludeFromDescription().AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(ReaderPage.LargestBody));
        routes.MapMethods(Route + "/again", look, (string token, HttpContext http) => ReaderPage.BackTo("confirm", token, http)).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<PageShell> Show(string token, HttpContext http, KeyRing keys, SignUpStore signUps, SignUpOptions options, CancellationToken stop) =>
        await FindAsync(token, keys, signUps, stop) is { } signUp ? Of(http, token, signUp, options) : ReaderPage.Broken(http);

    private static async Task<PageShell> Confirm(
        string token, HttpContext http, KeyRing keys, SignUpStore signUps, ConfirmationStore confirmations, SignUpOptions options, IJobStarter jobs, CancellationToken stop)
    {
        if (ConfirmToken.Verify(keys, token) is not { } link)
            return ReaderPage.Broken(http);
        var outcome = await confirmations.ConfirmAsync(link.SignUpId, http.Connection.RemoteIpAddress, stop);
        if (outcome.WelcomeOutboxId is { } welcome)
            jobs.SendOutbox(welcome);
        if (await signUps.FindAsync(link.SignUpId, stop) is not { } signUp)
            return ReaderPage.Broken(http);
        if (outcome.Result != ConfirmResult.Blocked)
            return Of(http, token, signUp, options);
        var words = http.Words(signUp.Language);
        return words.Notice(
            words.Text("confirm.blocked.title"), words.Say("confirm.blocked.text", ("newsletter", signUp.Newsletter)), signUp.Newsletter, StatusCodes.Status409Conflict);
    }

    private static async Task<PageShell> Again(
        string token, HttpContext http, KeyRing keys, SignUpStore signUps, SignUpDesk desk, NewsletterStore newsletters, IJobStarter jobs, CancellationToken stop)
    {
        if (await FindAsync(token, keys, signUps, stop) is not { } signUp || await newsletters.GetAsync(signUp.NewsletterId, stop) is not { } newsletter)
            return ReaderPage.Broken(http);
        var words = http.Words(signUp.Language);
        switch (await desk.AskAgainAsync(signUp.Id, http.Connection.RemoteIpAddress, stop))
        {
            case SignUpOutcome.Taken taken:
                jobs.SendOutbox(taken.OutboxId);
                break;
            case var refused and (SignUpOutcome.TooMany or SignUpOutcome.Surge):
                return SubscribePages.Busy(words, refused);
        }

        return words.Notice(words.Text("subscribe.sent.title"), words.Say("confirm.again.text"), newsletter.Name);
    }

    private static async Task<PageShell> ShowNotMe(string token, HttpContext http, KeyRing keys, SignUpStore signUps, CancellationToken stop)
    {
        if (await FindAsync(token, keys, signUps, stop) is not { } signUp)
            return ReaderPage.Broken(http);
        var words = http.Words(signUp.Language);
        return signUp.State == "refused" ? Disowned(words) : words.Page(
            words.Text("not_me.title"),
            Html.Of($"""
                <h1>{words.Text("not_me.title")}</h1>
                <p>{words.Text("not_me.text")}</p>
                <form method="post" action="?lang={words.Language}" class="actions"><button class="button" type="submit">{words.Text("not_me.button")}</button></form>
                """),
            signUp.Newsletter);
    }

    private static async Task<PageShell> NotMe(
        string token, HttpContext http, KeyRing keys, SignUpStore signUps, ConfirmationStore confirmations, CancellationToken stop)
    {
        if (await FindAsync(token, keys, signUps, stop) is not { } signUp || !await confirmations.DisownAsync(signUp.Id, stop))
            return ReaderPage.Broken(http);
        return Disowned(http.Words(signUp.Language));
    }

    private static async Task<SignUpState?> FindAsync(string token, KeyRing keys, SignUpStore signUps, CancellationToken stop) =>
        ConfirmToken.Verify(keys, token) is { } link ? await signUps.FindAsync(link.SignUpId, stop) : null;

    private static PageShell Of(HttpContext http, string token, SignUpState signUp, SignUpOptions options)
    {
        var words = http.Words(signUp.Language);
        return signUp switch
        {
            { State: "confirmed", Status: "active" } => words.Notice(
                words.Text("confirm.done.title"), words.Say("confirm.done.text", ("newsletter", signUp.Newsletter)), signUp.Newsletter),
            { State: "confirmed" } => Left(words, signUp),
            { State: "mailed", Expired: true } => Expired(words, token, signUp, options),
            { State: "mailed" } => Question(words, token, signUp),
            { State: "refused" } => Disowned(words),
            _ => ReaderPage.Broken(http),
        };
    }

    private static PageShell Question(Phrases words, string token, SignUpState signUp) => words.Page(
        words.Text("confirm.title"),
        Html.Of($"""
            <h1>{words.Text("confirm.title")}</h1>
            <p class="lead">{words.Say("confirm.question", ("newsletter", signUp.Newsletter))}</p>
            <p class="muted small">{words.Say("subscribe.wording", ("newsletter", signUp.Newsletter))}</p>
            <div class="actions">
            <form method="post" action="?lang={words.Language}"><button class="button" type="submit">{words.Text("confirm.button")}</button></form>
            <a class="button quiet" href="{token}/not-me?lang={words.Language}">{words.Text("confirm.not_me")}</a>
            </div>
            """),
        signUp.Newsletter);

    private static PageShell Expired(Phrases words, string token, SignUpState signUp, SignUpOptions options) => words.Page(
        words.Text("confirm.expired.title"),
        Html.Of($"""
            <h1>{words.Text("confirm.expired.title")}</h1>
            <p>{words.Say("confirm.expired.text", ("days", $"{options.ConfirmDays}"))}</p>
            <form method="post" action="{token}/again?lang={words.Language}" class="actions"><button class="button" type="submit">{words.Text("confirm.expired.button")}</button></form>
            """),
        signUp.Newsletter,
        StatusCodes.Status410Gone);

    private static PageShell Left(Phrases words, SignUpState signUp) => words.Page(
        words.Text("confirm.left.title"),
        Html.Of($"""
            <h1>{words.Text("confirm.left.title")}</h1>
            <p>{words.Say("confirm.left.text", ("newsletter", signUp.Newsletter))}</p>
            <p><a href="../n/{signUp.Slug}/subscribe?lang={words.Language}">{words.Say("subscribe.title", ("newsletter", signUp.Newsletter))}</a></p>
            """),
        signUp.Newsletter);

    private static PageShell Disowned(Phrases words) => words.Notice(words.Text("not_me.done.title"), words.Say("not_me.done.text"));
}
