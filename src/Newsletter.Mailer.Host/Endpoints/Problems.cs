using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>The one place where outcomes become problem details (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>400: the request as such, with no field to blame.</summary>
    public static ProblemHttpResult BadRequest(string detail) => Of(StatusCodes.Status400BadRequest, detail);

    /// <summary>400: fields of the request, each named as in the JSON.</summary>
    public static ProblemHttpResult Invalid(FieldErrors errors) => TypedResults.Problem(InvalidDetails(errors));

    public static ProblemHttpResult Invalid(string field, string message) => Invalid(new FieldErrors().Add(field, message));

    public static ProblemHttpResult Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, detail);

    public static ProblemHttpResult NotFound(string thing, object id) => Of(StatusCodes.Status404NotFound, $"There is no {thing} {id}.");

    /// <summary>409: right in itself, but not in the present state; <paramref name="state"/> is that state.</summary>
    public static ProblemHttpResult Conflict(string detail, string? state = null)
    {
        var details = Details(StatusCodes.Status409Conflict, detail);
        if (state is not null)
            details.Extensions["state"] = state;
        return TypedResults.Problem(details);
    }

    /// <summary>409: the edition can't be shown or sent as it stands; <c>problems</c> says where and what to do.</summary>
    public static ProblemHttpResult NotReady(IEnumerable<string> problems)
    {
        string[] all = [.. problems];
        var details = Details(StatusCodes.Status409Conflict, $"The edition can't be sent as it stands. {string.Join(" ", all)}");
        details.Extensions["problems"] = all;
        return TypedResults.Problem(details);
    }

    /// <summary>409: a value that another row has already.</summary>
    public static ProblemHttpResult Taken(string field, string message)
    {
        var details = Details(StatusCodes.Status409Conflict, $"{field}: {message}");
        details.Extensions["errors"] = new FieldErrors().Add(field, message).ToDictionary();
        return TypedResults.Problem(details);
    }

    public static ProblemHttpResult Of(int status, string detail) => TypedResults.Problem(Details(status, detail));

    public static ProblemDetails InvalidDetails(FieldErrors errors)
    {
        var byField = errors.ToDictionary();
        var details = Details(
            StatusCodes.Status400BadRequest,
            string.Join(" ", byField.SelectMany(pair => pair.Value.Select(message => $"{pair.Key}: {message}"))));
        details.Extensions["errors"] = byField;
        return details;
    }

    public static ProblemDetails Details(int status, string? detail) => new()
    {
        Status = status,
        Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
        Detail = detail,
    };

    /// <summary>Writes a problem from outside an endpoint: it is JSON whatever the request would have accepted.</summary>
    public static Task WriteAsync(HttpContext http, ProblemDetails details) => TypedResults.Problem(details).ExecuteAsync(http);

    public static Task WriteAsync(HttpContext http, int status, string detail) => WriteAsync(http, Details(status, detail));
}
