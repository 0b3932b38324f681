using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What is asked of a preview, and how it is answered.</summary>
internal static class PreviewAnswers
{
    /// <summary>Reads <c>format</c> and <c>variant</c>, or says what is wrong with them.</summary>
    public static ProblemHttpResult? Words(string? format, string? variant, out PreviewFormat wanted)
    {
        wanted = format switch { "text" => PreviewFormat.Text, "mime" => PreviewFormat.Mime, _ => PreviewFormat.Html };
        if (format is not (null or "html" or "text" or "mime"))
            return Problems.Invalid("format", "It must be html, text or mime.");
        return variant is null or "free" or "premium" ? null : Problems.Invalid("variant", "It must be free or premium.");
    }

    public static DateTimeOffset InZone(DateTimeOffset at, NewsletterProfile newsletter) =>
        LocalTime.FindZone(newsletter.TimeZone) is { } zone ? TimeZoneInfo.ConvertTime(at, zone) : at;

    public static IResult Of(HttpContext http, PreviewFormat format, PreviewOutcome outcome) => outcome switch
    {
        PreviewOutcome.Refused(var problems) => Problems.NotReady(problems.Select(problem => $"Line {problem.Line}, column {problem.Column}: {problem.Message}")),
        PreviewOutcome.Shown(var output, _) => Shown(http, output, format),
        _ => throw new InvalidOperationException("Previewing gave an outcome that isn't known."),
    };

    private static FileContentHttpResult Shown(HttpContext http, byte[] output, PreviewFormat format)
    {
        // The author's HTML runs nowhere: no script, no form, no origin; pictures of the mail may load.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'";
        return TypedResults.Bytes(output, format switch
        {
            PreviewFormat.Html => "text/html; charset=utf-8",
            PreviewFormat.Text => "text/plain; charset=utf-8",
            _ => "message/rfc822",
        });
    }
}
