using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary><c>/api/newsletters/{id}/layout</c>: an HTML layout of a newsletter's own.</summary>
internal static class LayoutEndpoints
{
    private const string Type = "text/html";

    public static void MapLayoutEndpoints(this IEndpointRouteBuilder api)
    {
        var layout = api.MapGroup("/newsletters/{id:long}/layout").WithTags("Newsletters");
        layout.MapGet("/", Get).RequireScope(Scopes.ReadNewsletters)
            .Produces<string>(StatusCodes.Status200OK, Type)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show a newsletter's own layout");
        layout.MapPut("/", Put).RequireScope(Scopes.WriteNewsletters)
            .Accepts<string>(Type)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .WithSummary("Give a newsletter a layout of its own")
            .WithDescription("HTML with Liquid, as text/html. It is checked like an edition: every problem comes back with its line and column.");
        layout.MapDelete("/", Delete).RequireScope(Scopes.WriteNewsletters)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Go back to the theme's layout");
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> Get(long id, HttpContext http, NewsletterStore newsletters, CancellationToken stop)
    {
        if (await newsletters.GetAsync(id, stop) is not { Layout: { } layout })
            return Problems.NotFound("layout of a newsletter", id);
        // A source to be read, not a page to be shown.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return TypedResults.Content(layout, Type, Encoding.UTF8);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Put(long id, HttpContext http, NewsletterStore newsletters, CancellationToken stop)
    {
        if (!http.Request.HasMediaType(Type))
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "A layout is sent as text/html.");
        var layout = await http.Request.ReadTextAsync(stop);
        if (await newsletters.GetAsync(id, stop) is not { } newsletter)
            return Problems.NotFound("newsletter", id);
        var problems = LayoutCheck.Check(layout, newsletter);
        if (problems.Count > 0)
            return Problems.Invalid(problems.Aggregate(new FieldErrors(), (errors, problem) => errors.Add("layout", Sentence(problem))));
        return await newsletters.SetLayoutAsync(id, layout, stop) ? TypedResults.NoContent() : Problems.NotFound("newsletter", id);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(long id, NewsletterStore newsletters, CancellationToken stop) =>
        await newsletters.SetLayoutAsync(id, null, stop) ? TypedResults.NoContent() : Problems.NotFound("newsletter", id);

    private static string Sentence(RenderProblem problem) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {problem.Line}, column {problem.Column}: {problem.Message}");
}
