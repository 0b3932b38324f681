using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/subscribers/{id}/consents</c> and <c>/api/consents</c>: what readers agreed to and took back.</summary>
internal static class ConsentEndpoints
{
    public static void MapConsentEndpoints(this IEndpointRouteBuilder api)
    {
        api.MapGet("/subscribers/{id:long}/consents", Show).RequireScope(Scopes.ReadSubscribers).WithTags("Consents")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .Produces<string>(StatusCodes.Status200OK, "text/html")
            .WithSummary("What a reader agreed to, in which words, when, and how it was confirmed")
            .WithDescription("As JSON, or with ?format=html as a page to print or pass on. Entries are only ever added.");
        api.MapPost("/consents/lookup", Lookup).RequireScope(Scopes.ReadSubscribers).WithTags("Consents")
            .WithSummary("The same by address")
            .WithDescription("Also finds the entries of a reader who was erased: those are kept under a keyed hash, without network and own words.");
    }

    private static async Task<Results<Ok<ConsentAnswer>, PageShell, ProblemHttpResult>> Show(
        long id, string? format, SubscriberStore subscribers, ConsentStore consents, CancellationToken stop)
    {
        if (format is not (null or "json" or "html"))
            return Problems.Invalid("format", "It must be json or html.");
        if (await subscribers.GetAsync(id, stop) is not { } reader)
            return Problems.NotFound("subscriber", id);
        var entries = await consents.ListAsync(id, stop);
        if (format == "html")
            return ConsentPage.Of(reader, entries);
        return TypedResults.Ok(new ConsentAnswer(reader.Id, reader.Address, entries));
    }

    private static async Task<Results<Ok<ConsentList>, ProblemHttpResult>> Lookup(SubscriberLookup lookup, ConsentStore consents, CancellationToken stop)
    {
        var outcome = await consents.LookupAsync(lookup.Email, stop);
        return outcome.Problem("consent", "of this address") is { } problem ? problem : TypedResults.Ok(new ConsentList(outcome.Value().Value));
    }
}

/// <summary>A reader's entries in the ledger of consents, oldest first.</summary>
public sealed record ConsentAnswer(long SubscriberId, string Email, IReadOnlyList<Consent> Consents);

/// <summary>Entries in the ledger of consents, oldest first.</summary>
public sealed record ConsentList(IReadOnlyList<Consent> Consents);
