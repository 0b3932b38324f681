using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What is asked of a preview, and how it is answered.</summary>
internal static class PreviewAnswers
{
    /// <summary>Reads <c>format</c>, or says what is wrong with it.</summary>
    public static ProblemHttpResult? Words(string? format, out PreviewFormat wanted)
    {
        wanted = format switch { "text" => PreviewFormat.Text, "mime" => PreviewFormat.Mime, "page" => PreviewFormat.Page, _ => PreviewFormat.Html };
        return format is null or "html" or "text" or "mime" or "page" ? null : Problems.Invalid("format", "It must be html, text, mime or page.");
    }

    public static IResult Of(HttpContext http, PreviewFormat format, PreviewOutcome outcome) => outcome switch
    {
        PreviewOutcome.Refused(var problems) => Problems.NotReady(problems.Select(problem => $"Line {problem.Line}, column {problem.Column}: {problem.Message}")),
        PreviewOutcome.NoSuchVariant missing => Problems.Invalid("variant", missing.Sentence),
        PreviewOutcome.Shown(var output, _) => Shown(http, output, format),
        _ => throw new InvalidOperationException("Previewing gave an outcome that isn't known."),
    };

    private static FileContentHttpResult Shown(HttpContext http, byte[] output, PreviewFormat format)
    {
        // The author's HTML runs nowhere: no script, no form, no origin; pictures of the mail may load.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'";
        return TypedResults.Bytes(output, format switch
        {
            PreviewFormat.Html or PreviewFormat.Page => "text/html; charset=utf-8",
            PreviewFormat.Text => "text/plain; charset=utf-8",
            _ => "message/rfc822",
        });
    }
}
