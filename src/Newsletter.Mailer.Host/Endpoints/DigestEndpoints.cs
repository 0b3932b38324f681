using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/digests</c> and <c>/api/newsletters/{id}/digest</c>: what was made of each month, and what the next would be.</summary>
internal static class DigestEndpoints
{
    public static void MapDigestEndpoints(this IEndpointRouteBuilder api)
    {
        api.MapGet("/digests", List).RequireScope(Scopes.ReadIssues).WithTags("Digests")
            .WithSummary("List what became of each month, newest first")
            .WithDescription("outcome is made, or why there is none: no_readers, no_issues, off. One that was made has an edition and an issue of kind digest; \"digests\" of a newsletter switches them off.");
        var next = api.MapGroup("/newsletters/{id:long}/digest").WithTags("Digests").ProducesProblem(StatusCodes.Status404NotFound);
        next.MapGet("/", Next).RequireScope(Scopes.ReadIssues)
            .WithSummary("Show the digest that comes next: when, to how many, and what it would tell of now");
        next.MapGet("/preview", Preview).RequireScope(Scopes.ReadEditions)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .Produces<string>(StatusCodes.Status200OK, "text/html", "text/plain", "message/rfc822")
            .WithSummary("Show what its readers would get now")
            .WithDescription("format is html, text or mime. 409 while nothing has gone out since the last.");
    }

    private static async Task<Results<Ok<Page<Digest>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, DigestStore digests, CancellationToken stop) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await digests.ListAsync(newsletter, page, stop)) : problem;

    private static async Task<Results<Ok<NextDigest>, ProblemHttpResult>> Next(long id, DigestDesk digests, CancellationToken stop) =>
        await digests.NextAsync(id, stop) is { } next ? TypedResults.Ok(next) : Problems.NotFound("newsletter", id);

    private static async Task<IResult> Preview(long id, string? format, DigestDesk digests, PublicSite site, TimeProvider clock, HttpContext http, CancellationToken stop)
    {
        if (PreviewAnswers.Words(format, out var wanted) is { } wrong)
            return wrong;
        if (await digests.WriteNextAsync(id, stop) is not var (newsletter, source))
            return Problems.NotFound("newsletter", id);
        if (source is null)
            return Problems.Conflict("Nothing has gone out since the last digest, so the next has nothing to tell of yet.");
        return PreviewAnswers.Of(http, wanted, EditionPreview.Show(Request(newsletter, source, wanted, site, LocalTime.InZone(clock.GetUtcNow(), newsletter.TimeZone))));
    }

    internal static PreviewRequest Request(NewsletterProfile newsletter, string source, PreviewFormat format, PublicSite site, DateTimeOffset at) => new()
    {
        Source = source,
        Format = format,
        Newsletter = newsletter,
        KnownAttributes = [],
        PublicUrl = site.Url,
        SentAt = at,
    };
}
