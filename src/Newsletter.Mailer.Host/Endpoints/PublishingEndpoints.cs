using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Rendering.Themes;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>When an edition is to go out: a time of a zone, or the next slot of the newsletter's cadence.</summary>
public sealed record ScheduleRequest
{
    /// <summary>Local time without an offset, such as <c>2031-05-06T08:00</c>.</summary>
    public string? At { get; init; }

    /// <summary>IANA zone; absent: the newsletter's.</summary>
    public string? Zone { get; init; }

    /// <summary><c>next</c>, instead of <see cref="At"/>.</summary>
    public string? Slot { get; init; }
}

/// <summary>When it goes out.</summary>
/// <param name="At">Local time of the zone.</param>
/// <param name="Zone">IANA zone.</param>
/// <param name="SendAt">The same, UTC.</param>
/// <param name="Note">What a change of the clocks did to it; null on all other days.</param>
/// <param name="Warnings">What is worth a look before it goes out; errors would have kept it from being scheduled. No link is asked for: what is known is said. Absent where it could not be looked up within 5 s.</param>
public sealed record ScheduleAnswer(DateTime At, string Zone, DateTimeOffset SendAt, string? Note, IReadOnlyList<FindingAnswer>? Warnings);

/// <summary>What to look at, and as whom.</summary>
internal readonly record struct PreviewQuery(
    [property: FromQuery(Name = "format"), Description("html (where absent), text, mime or page.")] string? Format,
    [property: FromQuery(Name = "variant"), Description("Name of a variant, or free or premium.")] string? Variant,
    [property: FromQuery(Name = "subscriber"), Description("As this subscriber, by id, would get it now.")] long? Subscriber,
    [property: FromQuery(Name = "theme"), Description("With this theme in the place of the edition's.")] string? Theme);

/// <summary>Whom to send a test to.</summary>
public sealed record TestSendRequest
{
    /// <summary>1 to 20 addresses.</summary>
    public IReadOnlyList<string>? To { get; init; }
}

/// <summary>Tests on their way.</summary>
/// <param name="Sent">How many.</param>
public sealed record TestSendAnswer(int Sent);

/// <summary><c>/api/editions/{id}/…</c>: look at it, test it, say when it goes out.</summary>
internal static class PublishingEndpoints
{
    private const int MostTests = 20;

    public static void MapPublishingEndpoints(this IEndpointRouteBuilder api)
    {
        var edition = api.MapGroup("/editions/{id:long}").WithTags("Editions")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        edition.MapGet("/preview", Preview).RequireScope(Scopes.ReadEditions)
            .Produces<string>(StatusCodes.Status200OK, "text/html", "text/plain", "message/rfc822")
            .WithSummary("Show what a reader will get")
            .WithDescription("format=page shows it side by side as on a desktop, on a phone, in dark mode, and its text, as a page to look at in a browser. With a subscriber, as they would get it now; else variant, by its name (such as premium+beta), or free or premium.");
        edition.MapGet("/preflight", Preflight).RequireScope(Scopes.ReadEditions)
            .WithSummary("Say everything that is wrong with the edition, or could be better")
            .WithDescription("Errors keep it from being scheduled and published, warnings and notes don't. links=ask (the default) opens links and images that weren't looked at lately, for at most 25 s; links=known asks nobody.");
        edition.MapPost("/test-sends", Test).RequireScope(Scopes.WriteIssues)
            .WithSummary("Send the edition as it stands to a few addresses")
            .WithDescription("Marked as a test and counted nowhere.");
        edition.MapPut("/schedule", Schedule).RequireScope(Scopes.WriteIssues)
            .WithSummary("Say when the edition goes out")
            .WithDescription("{\"at\": \"2031-05-06T08:00\", \"zone\": \"Europe/Berlin\"}, or {\"slot\": \"next\"} for the next time of the newsletter's cadence that no other edition has. force=html-too-large sends this revision however large it is. The answer's warnings are those of the preflight.");
        edition.MapDelete("/schedule", Unschedule).RequireScope(Scopes.WriteIssues)
            .WithSummary("Make a scheduled or held edition a draft again");
        edition.MapPost("/publish", Publish).RequireScope(Scopes.WriteIssues)
            .WithSummary("Send the edition now")
            .WithDescription("force=html-too-large sends this revision however large it is. The answer's warnings are those of the preflight.");
    }

    private static async Task<IResult> Preview(long id, [AsParameters] PreviewQuery query, PreviewDesk desk, HttpContext http)
    {
        if (PreviewAnswers.Words(query.Format, out var wanted) is { } wrong)
            return wrong;
        if (query is { Subscriber: not null, Variant: not null })
            return Problems.Invalid("variant", "Give either a subscriber, who has a variant, or a variant.");
        if (query.Theme is { } theme && !ThemeCatalog.Names.Contains(theme, StringComparer.Ordinal))
            return Problems.Invalid("theme", $"It must be one of {string.Join(", ", ThemeCatalog.Names)}.");
        var wish = new PreviewWish(wanted) { Subscriber = query.Subscriber, Variant = query.Variant, Theme = query.Theme };
        return await desk.ShowAsync(id, wish, http.RequestAborted) switch
        {
            EditionPreviewing.Rendered(var outcome) => PreviewAnswers.Of(http, wanted, outcome),
            EditionPreviewing.NoSuchSubscriber => Problems.Invalid("subscriber", "There is no subscriber with this id."),
            _ => Problems.NotFound("edition", id),
        };
    }

    private static async Task<Results<Ok<PreflightAnswer>, ProblemHttpResult>> Preflight(long id, string? links, PreflightDesk desk, CancellationToken stop)
    {
        if (links is not (null or "ask" or "known"))
            return Problems.Invalid("links", "It can be ask (links are opened) or known (only what was found lately is said).");
        return await desk.CheckAsync(id, asksOthers: links is not "known", stop) is { } report
            ? TypedResults.Ok(PreflightAnswer.Of(report))
            : Problems.NotFound("edition", id);
    }

    // Of all errors, this is the one that an author may know better about.
    private static ProblemHttpResult? ForceProblem(string? force) =>
        force is null or "html-too-large" ? null : Problems.Invalid("force", "Only html-too-large can be forced; every other error has to be corrected.");

    private static async Task<Results<Accepted<TestSendAnswer>, ProblemHttpResult>> Test(
        long id, TestSendRequest request, TestSend tests, IJobStarter jobs, CancellationToken stop)
    {
        if (request.To is not { Count: > 0 and <= MostTests } to)
            return Problems.Invalid("to", $"It must be a list of 1 to {MostTests} addresses.");
        var errors = new FieldErrors();
        var addresses = new List<EmailAddress>();
        foreach (var raw in to)
        {
            if (EmailAddress.TryParse(raw, out var address, out var problem))
                addresses.Add(address);
            else
                errors.Add("to", problem);
        }

        if (errors.Any)
            return Problems.Invalid(errors);
        switch (await tests.PutAsync(id, [.. addresses.Distinct()], stop))
        {
            case TestSendOutcome.Put(var mails):
                foreach (var mail in mails)
                    jobs.SendOutbox(mail);
                return TypedResults.Accepted((string?)null, new TestSendAnswer(mails.Count));
            case TestSendOutcome.NotReady(var problems):
                return Problems.NotReady(problems);
            default:
                return Problems.NotFound("edition", id);
        }
    }

    private static async Task<Results<Ok<ScheduleAnswer>, ProblemHttpResult>> Schedule(
        long id, ScheduleRequest request, string? force, EditionScheduler scheduler, EditionWarnings warnings, IJobStarter jobs, CancellationToken stop)
    {
        if (ForceProblem(force) is { } unknown)
            return unknown;
        if (request.Slot is not (null or "next"))
            return Problems.Invalid("slot", "It can only be 'next'; give \"at\" and \"zone\" for any other time.");
        if (request.Slot is not null && (request.At ?? request.Zone) is not null)
            return Problems.Invalid("slot", "It stands alone: give either \"slot\", or \"at\" and \"zone\".");
        if (request.Slot is null && string.IsNullOrWhiteSpace(request.At))
            return Problems.Invalid("at", "It is missing: a local time such as 2031-05-06T08:00. Or give {\"slot\": \"next\"}.");
        var outcome = request.Slot is null
            ? await scheduler.ScheduleAsync(id, request.At, request.Zone, stop, force is not null)
            : await scheduler.ScheduleNextAsync(id, stop, force is not null);
        if (outcome is not ScheduleOutcome.Scheduled(var when))
            return Problem(outcome, id);
        jobs.PublishAt(id, when.Instant);
        return TypedResults.Ok(new ScheduleAnswer(when.Local, when.Zone, when.Instant, when.Note, await warnings.FindAsync(id, stop)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Unschedule(long id, EditionScheduler scheduler, CancellationToken stop)
    {
        var outcome = await scheduler.UnscheduleAsync(id, stop);
        return outcome is ScheduleOutcome.Unscheduled ? TypedResults.NoContent() : Problem(outcome, id);
    }

    private static async Task<Results<Accepted<EditionAnswer>, ProblemHttpResult>> Publish(
        long id, string? force, EditionScheduler scheduler, EditionStore editions, EditionWarnings warnings, IJobStarter jobs, CancellationToken stop)
    {
        if (ForceProblem(force) is { } unknown)
            return unknown;
        var outcome = await scheduler.PublishNowAsync(id, stop, force is not null);
        if (outcome is not ScheduleOutcome.PublishingNow)
            return Problem(outcome, id);
        jobs.Publish(id);
        return await editions.FindAsync(id, stop) is { } edition
            ? TypedResults.Accepted($"/api/editions/{id}", EditionAnswer.Of(edition) with { Warnings = await warnings.FindAsync(id, stop) })
            : Problems.NotFound("edition", id);
    }

    private static ProblemHttpResult Problem(ScheduleOutcome outcome, long id) => outcome switch
    {
        ScheduleOutcome.NoSuchEdition => Problems.NotFound("edition", id),
        ScheduleOutcome.WrongState(var state) => Problems.Conflict(
            state is EditionState.Published ? "The edition is published already." : "The edition is a draft already.", state.ToString().ToLowerInvariant()),
        ScheduleOutcome.ChangedMeanwhile => Problems.Conflict("The edition was changed in the same moment. Look at it again, and repeat the request if it still holds."),
        ScheduleOutcome.Invalid(var field, var problem) => Problems.Invalid(field, problem),
        ScheduleOutcome.NotReady(var problems) => Problems.NotReady(problems),
        _ => throw new InvalidOperationException($"{outcome.GetType().Name} is no problem."),
    };
}
