using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/n/{newsletter}/sign-ups</c>: signing up from another site's script. Open to everyone, like the page.</summary>
internal static class SignUpEndpoints
{
    /// <summary>The CORS policy: the sites that Audience:SignUps:Origins names.</summary>
    public const string OtherSites = "sign-ups";

    public static void MapSignUpEndpoints(this IEndpointRouteBuilder routes)
    {
        var signUps = routes.MapGroup("/n/{newsletter}/sign-ups").WithTags("Signing up").AllowAnonymous().RequireCors(OtherSites)
            .ProducesProblem(StatusCodes.Status404NotFound);
        signUps.MapGet("/", Show)
            .WithSummary("What to show in a form")
            .WithDescription("Needs no key. Show the wording beside the button, in the language of ?lang= or Accept-Language, and send the form back with the address.");
        signUps.MapPost("/", Take).WithMetadata(new RequestSizeLimitAttribute(ReaderPage.LargestBody))
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status429TooManyRequests).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("Sign an address up")
            .WithDescription("Needs no key. Every address is answered alike, known here or not; what follows is a mail with a link to confirm. Leave \"website\" empty: it is there for machines.");
    }

    private static async Task<Results<Ok<SignUpFormAnswer>, ProblemHttpResult>> Show(
        string newsletter, HttpContext http, NewsletterStore newsletters, SignUpDesk desk, SignUpOptions options, CancellationToken stop)
    {
        if (await newsletters.FindAsync(newsletter, stop) is not { } found)
            return Problems.NotFound("newsletter", $"'{newsletter}'");
        var words = http.Words(newsletters: found.Language);
        return TypedResults.Ok(new SignUpFormAnswer(
            desk.Sign(found.Id, "api", words.Language), words.Language, SubscribePages.Wording(words, found), options.MinFillSeconds));
    }

    private static async Task<Results<Accepted<SignUpAnswer>, ProblemHttpResult>> Take(
        string newsletter, SignUpForm body, HttpContext http, NewsletterStore newsletters, SignUpDesk desk, SignUpOptions options, IJobStarter jobs, CancellationToken stop)
    {
        if (desk.Refusal(http.Connection.RemoteIpAddress) is { } refused)
            return Later(http, refused);
        if (await newsletters.FindAsync(newsletter, stop) is not { } found)
            return Problems.NotFound("newsletter", $"'{newsletter}'");
        var shown = desk.Read(found.Id, body.Form);
        var words = Phrases.For(shown?.Language, found.Language);
        var outcome = await desk.TakeAsync(shown, body.Email, body.Website, SubscribePages.Wording(words, found), http.Connection.RemoteIpAddress, stop);
        if (outcome is SignUpOutcome.Taken taken)
            jobs.SendOutbox(taken.OutboxId);
        return outcome switch
        {
            SignUpOutcome.Taken or SignUpOutcome.Trapped => TypedResults.Accepted(
                (string?)null, new SignUpAnswer(words.Text("subscribe.sent.text", ("address", body.Email?.Trim() ?? ""), ("days", $"{options.ConfirmDays}")))),
            SignUpOutcome.BadAddress(var problem) => Problems.Invalid("email", problem),
            SignUpOutcome.NoForm => Problems.Invalid("form", "It is missing, too old, or of another newsletter: ask for one with a GET of the same address when the form is shown."),
            SignUpOutcome.TooSoon => Problems.Invalid("form", $"It came back sooner than {options.MinFillSeconds} seconds after it was asked for: wait and send it again."),
            _ => Later(http, outcome),
        };
    }

    private static ProblemHttpResult Later(HttpContext http, SignUpOutcome outcome) => outcome switch
    {
        SignUpOutcome.TooMany(var wait) => Later(http, StatusCodes.Status429TooManyRequests, wait, "Many sign-ups came from this network just now."),
        SignUpOutcome.Surge(var wait) => Later(http, StatusCodes.Status503ServiceUnavailable, wait, "Far more sign-ups than usual are coming in."),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static ProblemHttpResult Later(HttpContext http, int status, TimeSpan wait, string why)
    {
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Problems.Of(status, $"{why} Retry-After says when to try again.");
    }
}

/// <summary>A form about to be shown.</summary>
/// <param name="Form">To be sent back.</param>
/// <param name="Language">Of the wording.</param>
/// <param name="Wording">What the reader agrees to.</param>
/// <param name="MinFillSeconds">It is not taken sooner.</param>
public sealed record SignUpFormAnswer(string Form, string Language, string Wording, double MinFillSeconds);

/// <summary>A form that was filled in.</summary>
public sealed record SignUpForm
{
    public string? Email { get; init; }

    /// <summary>As it came with the wording.</summary>
    public string? Form { get; init; }

    /// <summary>Left empty by people.</summary>
    public string? Website { get; init; }
}

/// <summary>What to tell the reader.</summary>
public sealed record SignUpAnswer(string Message);
