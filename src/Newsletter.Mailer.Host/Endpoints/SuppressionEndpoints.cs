using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A suppression as the API shows it, under the names by which it is asked for.</summary>
public sealed record SuppressionAnswer
{
    public required long Id { get; init; }

    /// <summary>Null where a domain is suppressed.</summary>
    public string? Email { get; init; }

    /// <summary>Null where an address is.</summary>
    public string? Domain { get; init; }

    /// <summary>Keyed hash of an address that is not kept; null where it is another.</summary>
    public string? Hash { get; init; }

    public required string Reason { get; init; }

    public string? Evidence { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static SuppressionAnswer Of(Suppression suppression) => new()
    {
        Id = suppression.Id,
        Email = suppression.Address,
        Domain = suppression.Domain,
        Hash = suppression.Hash,
        Reason = suppression.Reason,
        Evidence = suppression.Evidence,
        CreatedAt = suppression.CreatedAt,
    };
}

/// <summary>Why a suppression is lifted.</summary>
public sealed record LiftRequest
{
    public string? Note { get; init; }
}

/// <summary>What is known of an address: what stands against mail to it now, and what once did.</summary>
/// <param name="Suppression">Null where nothing stands against it.</param>
/// <param name="Lifted">What was lifted, oldest first.</param>
public sealed record SuppressionStory(SuppressionAnswer? Suppression, IReadOnlyList<LiftedSuppression> Lifted);

/// <summary><c>/api/suppressions</c></summary>
internal static class SuppressionEndpoints
{
    private const string Csv = "text/csv";

    public static void MapSuppressionEndpoints(this IEndpointRouteBuilder api)
    {
        var suppressions = api.MapGroup("/suppressions").WithTags("Suppressions");
        suppressions.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List suppressed addresses and domains");
        suppressions.MapPost("/", Add).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Suppress an address, a domain, or the keyed hash of an address")
            .WithDescription("With \"as_hash\": true only the hash of the address is kept. Nothing is mailed there any more, what is being sent just now included. One that is suppressed already keeps its first reason and time.");
        suppressions.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a suppression");
        suppressions.MapDelete("/{id:long}", Remove).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Lift a suppression, without saying why");
        suppressions.MapPost("/{id:long}/lift", Lift).RequireScope(Scopes.WriteSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Lift a suppression")
            .WithDescription("Who lifted it, when, and the \"note\" are kept; of an address only its hash. One of an address whose owner was erased stays: only their own sign-up lifts it.");
        suppressions.MapGet("/lifted", Lifted).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List suppressions that were lifted, by whom and why");
        suppressions.MapPost("/lookup", Lookup).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("Find what stands against mail to an address, and what once did");
        suppressions.MapPost("/import", Import).RequireScope(Scopes.WriteSubscribers)
            .Accepts<string>(Csv)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .WithMetadata(new DisableRequestSizeLimitAttribute(), new IdempotencyRule(WhyNoKey: "To send the same list again changes nothing. Leave the key out."))
            .WithSummary("Import suppressions from CSV")
            .WithDescription("The file is the body; its columns are email, domain or hash (one of them filled in each row), reason and evidence. It is answered when all of it is in.");
        suppressions.MapGet("/export", Export).RequireScope(Scopes.ReadSubscribers)
            .Produces<string>(StatusCodes.Status200OK, Csv)
            .WithSummary("Export all suppressions as CSV");
    }

    private static async Task<Results<Ok<Page<SuppressionAnswer>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, SuppressionStore suppressions, CancellationToken stop) =>
        query.TryRead(out var page, out var problem)
            ? TypedResults.Ok((await suppressions.ListAsync(page, stop)).Select(SuppressionAnswer.Of))
            : problem;

    private static async Task<Results<Created<SuppressionAnswer>, Ok<SuppressionAnswer>, ProblemHttpResult>> Add(
        SuppressionDraft draft, SuppressionStore suppressions, CancellationToken stop)
    {
        var outcome = await suppressions.AddAsync(draft, stop);
        if (outcome.Problem("suppression", "") is { } problem)
            return problem;
        var (suppression, isNew) = outcome.Value();
        var answer = SuppressionAnswer.Of(suppression);
        return isNew ? TypedResults.Created($"/api/suppressions/{answer.Id}", answer) : TypedResults.Ok(answer);
    }

    private static async Task<Results<Ok<SuppressionAnswer>, ProblemHttpResult>> Get(long id, SuppressionStore suppressions, CancellationToken stop) =>
        await suppressions.GetAsync(id, stop) is { } found ? TypedResults.Ok(SuppressionAnswer.Of(found)) : Problems.NotFound("suppression", id);

    private static async Task<Results<NoContent, ProblemHttpResult>> Lift(
        long id, LiftRequest request, SuppressionStore suppressions, HttpContext http, CancellationToken stop) =>
        (await suppressions.RemoveAsync(id, request.Note, http.User.KeyId(), stop)).Problem("suppression", id) is { } problem ? problem : TypedResults.NoContent();

    private static async Task<Results<Ok<Page<LiftedSuppression>>, ProblemHttpResult>> Lifted(
        [AsParameters] PageQuery query, SuppressionStore suppressions, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await suppressions.ListLiftedAsync(null, page, stop)) : problem;

    private static async Task<Results<Ok<SuppressionStory>, ProblemHttpResult>> Lookup(SubscriberLookup lookup, SuppressionStore suppressions, CancellationToken stop)
    {
        if (!EmailAddress.TryParse(lookup.Email, out var address, out var wrong))
            return Problems.Invalid("email", wrong);
        var found = await suppressions.FindAsync(address, stop);
        var lifted = await suppressions.ListLiftedAsync(address, PageRequest.First with { Limit = PageRequest.MaxLimit }, stop);
        return TypedResults.Ok(new SuppressionStory(found is null ? null : SuppressionAnswer.Of(found), lifted.Items));
    }

    private static async Task<Results<Ok<SuppressionImport>, ProblemHttpResult>> Import(HttpRequest request, SuppressionListStore list, CancellationToken stop)
    {
        if (!request.HasMediaType(Csv))
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, $"A list is sent as {Csv}: curl --data-binary @FILE -H 'Content-Type: {Csv}'.");
        var (import, problem) = await list.ImportAsync(request.Body, stop);
        return import is null ? Problems.BadRequest(problem!) : TypedResults.Ok(import);
    }

    private static PushStreamHttpResult Export(SuppressionListStore list, CancellationToken stop) =>
        TypedResults.Stream(output => list.ExportAsync(output, stop), "text/csv; charset=utf-8", "suppressions.csv");

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(long id, SuppressionStore suppressions, HttpContext http, CancellationToken stop) =>
        (await suppressions.RemoveAsync(id, null, http.User.KeyId(), stop)).Problem("suppression", id) is { } problem ? problem : TypedResults.NoContent();
}
