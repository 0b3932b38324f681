using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>An import that was taken in.</summary>
/// <param name="Id">Ask <c>/api/imports/{id}</c> how far it is.</param>
public sealed record ImportAccepted(long Id);

/// <summary><c>/api/imports</c></summary>
internal static class ImportEndpoints
{
    private const string Csv = "text/csv";

    public static void MapImportEndpoints(this IEndpointRouteBuilder api)
    {
        var imports = api.MapGroup("/imports").WithTags("Imports");
        imports.MapGet("/", List).RequireScope(Scopes.ReadSubscribers)
            .WithSummary("List imports");
        imports.MapPost("/", Receive).RequireScope(Scopes.WriteSubscribers)
            .Accepts<string>(Csv)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            // The disk is the only limit of an import, so its body can't be read once to be compared and once more to be imported.
            .WithMetadata(new DisableRequestSizeLimitAttribute(), new IdempotencyRule(WhyNoKey: "An import takes no key: to send the same file again changes nothing. Leave it out."))
            .WithSummary("Import subscribers from CSV")
            .WithDescription("The file is the body; its columns are email, name, first_name, and attributes for the rest, unless it is an export of this program, listmonk, Mailchimp, Substack, beehiiv, Ghost, Buttondown or Kit, which is seen from its columns (source=auto) or said (source=kit; source=plain for none of them; source=other for a list of another program that says who left, which is seen too). With status=unsubscribed or pending all rows are taken for that: a file of those who left one list. With dry_run=true everything is counted and nothing done. It is read to its end before the answer, and becomes subscribers after it. Repeating it is harmless, so it takes no Idempotency-Key; who unsubscribed or is suppressed stays so.");
        imports.MapPost("/mapping", Look).RequireScope(Scopes.WriteSubscribers)
            .Accepts<string>(Csv)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .WithMetadata(new DisableRequestSizeLimitAttribute(), new IdempotencyRule(WhyNoKey: "Looking changes nothing. Leave the key out."))
            .WithSummary("See what the columns of a CSV would become")
            .WithDescription("The file, or its first lines, is the body. Nothing is kept of it.");
        imports.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show an import");
        imports.MapGet("/{id:long}/problems", Problem).RequireScope(Scopes.ReadSubscribers)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("List the rows that were left out, each with its line and reason");
    }

    private static async Task<Results<Ok<Page<Import>>, ProblemHttpResult>> List([AsParameters] PageQuery query, ImportStore imports, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await imports.ListAsync(page, stop)) : problem;

    private static async Task<Results<Accepted<ImportAccepted>, ProblemHttpResult>> Receive(
        HttpRequest request, string? newsletter, string? tier, string? source, string? status, [FromQuery(Name = "dry_run")] bool? dryRun, ImportStore imports, SubscriberImport import, IJobStarter jobs, CancellationToken stop)
    {
        if (!request.HasMediaType(Csv))
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, $"An import is sent as {Csv}: curl --data-binary @FILE -H 'Content-Type: {Csv}'.");
        if (string.IsNullOrWhiteSpace(newsletter))
            return Problems.Invalid("newsletter", "It is missing from the query: name the newsletter's slug, as in /api/imports?newsletter=weekly.");
        var created = await imports.CreateAsync(newsletter, tier, source, dryRun ?? false, stop, status);
        if (created.Problem("newsletter", newsletter) is { } problem)
            return problem;
        var id = created.Value().Value.Id;
        var received = await import.ReceiveAsync(id, request.Body, progress: null, stop);
        if (received is ReceiveOutcome.Refused(var reason))
            return Problems.BadRequest(reason);
        jobs.MergeImport(id);
        return TypedResults.Accepted($"/api/imports/{id}", new ImportAccepted(id));
    }

    private static async Task<Results<Ok<ImportMapping>, ProblemHttpResult>> Look(HttpRequest request, string? source, CancellationToken stop)
    {
        if (!request.HasMediaType(Csv))
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, $"A file is sent as {Csv}: curl --data-binary @FILE -H 'Content-Type: {Csv}'.");
        var problems = new List<FieldProblem>();
        var wanted = ImportStore.ParseSource(source, problems);
        if (problems.Count > 0)
            return Problems.Invalid(problems[0].Field, problems[0].Problem);
        var (mapping, problem) = await SubscriberImport.LookAsync(request.Body, wanted, stop);
        return mapping is null ? Problems.BadRequest(problem!) : TypedResults.Ok(mapping);
    }

    private static async Task<Results<Ok<Import>, ProblemHttpResult>> Get(long id, ImportStore imports, CancellationToken stop) =>
        await imports.GetAsync(id, stop) is { } found ? TypedResults.Ok(found) : Problems.NotFound("import", id);

    private static async Task<Results<Ok<Page<ImportProblem>>, ProblemHttpResult>> Problem(
        long id, [AsParameters] PageQuery query, ImportStore imports, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        return await imports.GetAsync(id, stop) is null ? Problems.NotFound("import", id) : TypedResults.Ok(await imports.ProblemsAsync(id, page, stop));
    }
}
