using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/editions</c>: writing them.</summary>
internal static class EditionEndpoints
{
    private const string Markdown = "text/markdown";
    private const string Json = "application/json";

    public static void MapEditionEndpoints(this IEndpointRouteBuilder api)
    {
        var editions = api.MapGroup("/editions").WithTags("Editions");
        editions.MapGet("/", List).RequireScope(Scopes.ReadEditions)
            .WithSummary("List editions, newest first")
            .WithDescription("Of a newsletter (its slug), in a state (draft, scheduled, held, published), of a kind (issue, digest), or all; without their sources.");
        editions.MapPost("/", Create).RequireScope(Scopes.WriteEditions)
            .Accepts<EditionRequest>(Json, Markdown)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Write an edition")
            .WithDescription("As text/markdown (the document is the body; the newsletter is in its front matter or in ?newsletter=), or as JSON. Without a number it gets the newsletter's next.");
        editions.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadEditions)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show an edition");
        editions.MapPut("/{id:long}", Replace).RequireScope(Scopes.WriteEditions)
            .Accepts<EditionRequest>(Json, Markdown)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .WithSummary("Replace an edition's document")
            .WithDescription("While it is a draft or held. With If-Match (the ETag it was read with) or \"revision\" a change that someone else made meanwhile isn't overwritten.");
        editions.MapDelete("/{id:long}", Delete).RequireScope(Scopes.WriteEditions)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Delete a draft");
    }

    private static async Task<Results<Ok<Page<EditionAnswer>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, string? state, string? kind, EditionStore editions, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        EditionState? wanted = null;
        if (state is not null)
        {
            // Enum.TryParse would take numbers too, and several with commas between them as one that isn't there.
            if (!state.All(char.IsAsciiLetter) || !Enum.TryParse<EditionState>(state, ignoreCase: true, out var known))
                return Problems.Invalid("state", "It must be draft, scheduled, held or published.");
            wanted = known;
        }

        if (kind is not (null or "issue" or "digest"))
            return Problems.Invalid("kind", "It must be issue or digest.");
        var found = await editions.ListAsync(new EditionFilter { Newsletter = newsletter, State = wanted, Kind = kind is null ? null : Enum.Parse<EditionKind>(kind, ignoreCase: true) }, page, stop);
        return TypedResults.Ok(found.Select(EditionAnswer.Summary));
    }

    private static async Task<Results<Created<EditionAnswer>, ProblemHttpResult>> Create(
        HttpContext http, string? newsletter, EditionDesk desk, CancellationToken stop)
    {
        var request = await ReadAsync(http.Request, stop);
        if (Refusal(request, newsletter) is { } refusal)
            return refusal;
        var change = await desk.CreateAsync(request.Newsletter ?? newsletter, request.Source!, stop);
        if (change is not EditionChange.Saved(var edition))
            return Problem(change, 0);
        http.Response.Headers.ETag = ETag(edition);
        return TypedResults.Created($"/api/editions/{edition.Id}", EditionAnswer.Of(edition));
    }

    private static async Task<Results<Ok<EditionAnswer>, ProblemHttpResult>> Get(HttpContext http, long id, EditionStore editions, CancellationToken stop)
    {
        if (await editions.FindAsync(id, stop) is not { } edition)
            return Problems.NotFound("edition", id);
        http.Response.Headers.ETag = ETag(edition);
        return TypedResults.Ok(EditionAnswer.Of(edition));
    }

    private static async Task<Results<Ok<EditionAnswer>, ProblemHttpResult>> Replace(
        HttpContext http, long id, EditionDesk desk, EditionStore editions, CancellationToken stop)
    {
        var request = await ReadAsync(http.Request, stop);
        if (await editions.FindAsync(id, stop) is not { } present)
            return Problems.NotFound("edition", id);
        if (Refusal(request, present.Newsletter) is { } refusal)
            return refusal;
        if (!TryMatch(http.Request, out var matched))
            return Problems.Of(StatusCodes.Status412PreconditionFailed, $"If-Match names no revision of this edition; it is at \"{present.Revision}\".");
        var change = await desk.ReplaceAsync(id, request.Source!, request.Revision ?? matched, stop);
        if (change is not EditionChange.Saved(var edition))
            return Problem(change, id);
        http.Response.Headers.ETag = ETag(edition);
        return TypedResults.Ok(EditionAnswer.Of(edition));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(long id, EditionStore editions, CancellationToken stop) =>
        await editions.DeleteAsync(id, stop) switch
        {
            EditionDeletion.Deleted => TypedResults.NoContent(),
            EditionDeletion.NoSuchEdition => Problems.NotFound("edition", id),
            _ => Problems.Conflict("Only a draft can be deleted. Unschedule the edition first; one that was published stays.", await StateOf(editions, id, stop)),
        };

    private static async Task<EditionRequest> ReadAsync(HttpRequest request, CancellationToken stop) =>
        request.HasMediaType(Markdown)
            ? new EditionRequest { Source = await request.ReadTextAsync(stop) }
            : await request.ReadJsonAsync<EditionRequest>(stop);

    private static ProblemHttpResult? Refusal(EditionRequest request, string? newsletter)
    {
        if (string.IsNullOrWhiteSpace(request.Source))
            return Problems.Invalid("source", "It is missing: the document, front matter and Markdown.");
        return request.Newsletter is { } named && newsletter is not null && named != newsletter
            ? Problems.Invalid("newsletter", $"It is '{named}', but the request is about '{newsletter}'.")
            : null;
    }

    private static ProblemHttpResult Problem(EditionChange change, long id) => change switch
    {
        EditionChange.WrongState(var state) => Problems.Conflict(
            state is EditionState.Scheduled ? "The edition is scheduled. Unschedule it before changing it." : "The edition is published and can't be changed any more.",
            state.ToString().ToLowerInvariant()),
        EditionChange.Stale(var revision) => Problems.Of(StatusCodes.Status412PreconditionFailed, $"Someone changed the edition meanwhile: it is at revision {revision} now. Read it again first."),
        EditionChange.NoSuchEdition => Problems.NotFound("edition", id),
        EditionChange.NumberTaken or EditionChange.SlugTaken when EditionProblems.ByField(change).Single() is var (field, message) => Problems.Taken(field, message),
        _ => Problems.Invalid(EditionProblems.ByField(change).Aggregate(new FieldErrors(), (errors, problem) => errors.Add(problem.Field, problem.Message))),
    };

    private static string ETag(Edition edition) => $"\"{edition.Revision.ToString(CultureInfo.InvariantCulture)}\"";

    private static bool TryMatch(HttpRequest request, out int? revision)
    {
        revision = null;
        var header = request.Headers.IfMatch.ToString();
        if (header is "" or "*")
            return true;
        var known = int.TryParse(header.Trim().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        revision = number;
        return known;
    }

    private static async Task<string?> StateOf(EditionStore editions, long id, CancellationToken stop) =>
        (await editions.FindAsync(id, stop))?.State.ToString().ToLowerInvariant();
}
