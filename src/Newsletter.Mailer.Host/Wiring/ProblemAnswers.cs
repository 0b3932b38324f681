using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Host.Pages;
using Npgsql;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Turns what didn't reach an endpoint, or broke in one, into problem details that say what was wrong.</summary>
internal sealed partial class ProblemAnswers(ILogger<ProblemAnswers> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken stop)
    {
        switch (exception)
        {
            case BadHttpRequestException bad:
                await Problems.WriteAsync(http, RequestProblems.Of(bad));
                return true;
            // The caller is gone: there is nobody to answer.
            case OperationCanceledException when http.RequestAborted.IsCancellationRequested:
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return true;
            case NpgsqlException { IsTransient: true } or DatabaseUnavailableException:
                LogDatabaseLost(http.TraceIdentifier, exception);
                http.Response.Headers.RetryAfter = "10";
                if (ReaderPage.IsLookedAt(http))
                    await ReaderPage.Unreachable(http).ExecuteAsync(http);
                else
                    await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "The database can't be reached just now. Nothing was lost; try again shortly.");
                return true;
            default:
                LogFailure(http.TraceIdentifier, exception);
                await Problems.WriteAsync(http, StatusCodes.Status500InternalServerError, $"This is a fault of the program, not of the request. The log has it under {http.TraceIdentifier}.");
                return true;
        }
    }

    /// <summary>Gives routing's bare refusals a body.</summary>
    public static async Task AnswerStatusAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var detail = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {http.Request.Path}.",
            StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} isn't possible at {http.Request.Path}; {http.Response.Headers.Allow} is.",
            StatusCodes.Status413PayloadTooLarge => RequestProblems.TooLarge,
            StatusCodes.Status415UnsupportedMediaType => MediaTypeDetail(http),
            _ => null,
        };
        await Problems.WriteAsync(http, Problems.Details(http.Response.StatusCode, detail));
    }

    private static string MediaTypeDetail(HttpContext http) => http.Request.ContentType is { Length: > 0 } type
        ? $"A body of type {type} can't be read here."
        : "The body's type is missing: send a Content-Type header, such as application/json.";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {TraceId} found no database")]
    private partial void LogDatabaseLost(string traceId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {TraceId} failed")]
    private partial void LogFailure(string traceId, Exception exception);
}

/// <summary>What the framework says of a request that it couldn't read, in words for the one who sent it.</summary>
internal static partial class RequestProblems
{
    public const string TooLarge = "The body is larger than Web:MaxBodyBytes allows. Only imports may be of any size.";

    public static Microsoft.AspNetCore.Mvc.ProblemDetails Of(BadHttpRequestException bad) => bad switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problems.Details(bad.StatusCode, TooLarge),
        { InnerException: JsonException json } => OfJson(json),
        _ when Parameter().Match(bad.Message) is { Success: true } match => Problems.InvalidDetails(
            new FieldErrors().Add(Field(match), $"It can't be '{match.Groups["value"].Value}'; it must be {Expected(match.Groups["type"].Value)}.")),
        _ when bad.Message.Contains("was not provided from body", StringComparison.Ordinal) || bad.Message.Contains("no body was provided", StringComparison.Ordinal) => Problems.Details(
            bad.StatusCode, "The request needs a body of JSON, but has none."),
        _ when Missing().Match(bad.Message) is { Success: true } match => Problems.InvalidDetails(
            new FieldErrors().Add(Field(match), "It is missing from the query.")),
        _ => Problems.Details(bad.StatusCode, bad.Message),
    };

    /// <summary>Says where the JSON is wrong: by field where it has one, else by line and column.</summary>
    public static Microsoft.AspNetCore.Mvc.ProblemDetails OfJson(JsonException json)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"line {json.LineNumber + 1}, column {json.BytePositionInLine + 1}");
        var field = json.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
        var unknown = Unmapped().Match(json.Message);
        if (unknown.Success)
            return Problems.InvalidDetails(new FieldErrors().Add(unknown.Groups["name"].Value, "The request has no such member."));
        if (json.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return Problems.InvalidDetails(new FieldErrors().Add(field ?? "body", $"It is given twice ({where})."));
        var wrongType = Conversion().Match(json.Message);
        // A syntax error comes wrapped in the reader's own exception; a value of the wrong kind doesn't.
        if (wrongType.Success && json.InnerException is not JsonException)
            return Problems.InvalidDetails(new FieldErrors().Add(field ?? "body", $"It must be {Expected(wrongType.Groups["type"].Value)} ({where})."));
        if (field is not null && json.InnerException is null)
            return Problems.InvalidDetails(new FieldErrors().Add(field, $"{Sentence(json.Message)} ({where})."));
        return Problems.Details(StatusCodes.Status400BadRequest, $"The body isn't valid JSON: {Sentence(json.Message)} ({where}).");
    }

    /// <summary>The framework's sentence without the position that it appends.</summary>
    private static string Sentence(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (end < 0)
            end = message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }

    private static string Field(Match parameter) => JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Groups["name"].Value);

    private static string Expected(string type)
    {
        // As in System.Nullable`1[System.Int32], Nullable<int> or int?.
        var name = type[(type.LastIndexOfAny(['.', '<']) + 1)..].TrimEnd(']', '?', '>');
        return name switch
        {
            "Int32" or "Int64" or "int" or "long" or "Int16" => "a whole number",
            "Boolean" or "bool" => "true or false",
            "String" or "string" => "text",
            "DateTimeOffset" or "DateTime" => "a time such as 2031-05-06T08:00:00Z",
            _ when type.Contains("Dictionary", StringComparison.Ordinal) => "an object",
            _ when type.Contains("List", StringComparison.Ordinal) || type.EndsWith("[]", StringComparison.Ordinal) => "a list",
            _ when type.EndsWith("Request", StringComparison.Ordinal) => "an object",
            _ => "one of the values that the reference at /docs names",
        };
    }

    [GeneratedRegex("""^Failed to bind parameter "(?<type>[^ ]+) (?<name>[^"]+)" from "(?<value>.*)"\.$""", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Parameter();

    [GeneratedRegex("""^Required parameter "[^ ]+ (?<name>[^"]+)" was not provided""", RegexOptions.ExplicitCapture)]
    private static partial Regex Missing();

    [GeneratedRegex("^The JSON property '(?<name>.+?)' could not be mapped", RegexOptions.ExplicitCapture)]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"^The JSON value could not be converted to (?<type>[^ ]+?)\.( |$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Conversion();
}
