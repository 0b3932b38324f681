using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// An answer to GET and HEAD that is the same for everyone and named by a hash of all it is made of: whoever has it is told so
/// (RFC 9110 §13), and it is made only where nobody has asked for it yet.
/// </summary>
internal sealed record KeptAnswer : IResult
{
    /// <summary>Shared caches may keep it; what is published meanwhile is seen after so long.</summary>
    private const string Caching = "public, max-age=300";

    // Another version of the program may write the same page otherwise.
    private static readonly string Program = typeof(KeptAnswer).Module.ModuleVersionId.ToString("N");

    /// <summary>From <see cref="TagOf"/>.</summary>
    public required string Tag { get; init; }

    public required string ContentType { get; init; }

    /// <summary>Makes the whole of it.</summary>
    public required Func<CancellationToken, Task<string>> Make { get; init; }

    /// <summary>When it last changed, as far as it is known; null where it isn't.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Its Content-Security-Policy; a feed loads nothing.</summary>
    public string ContentPolicy { get; init; } = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>Whether search engines may list it.</summary>
    public bool Indexed { get; init; } = true;

    /// <summary>Header of the request that decides the language; null: none does.</summary>
    public string? Vary { get; init; }

    /// <summary>A name for an answer made of these; null and the empty text are told apart, as are "a", "b" and "ab".</summary>
    public static string TagOf(params IEnumerable<string?> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Prepend(Program).Select(part => $"{part?.Length ?? -1}:{part}")))).AsSpan(0, 16));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var tag = new EntityTagHeaderValue($"\"{Tag}\"");
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = Caching;
        if (Vary is not null)
            response.Headers.Vary = Vary;
        response.GetTypedHeaders().LastModified = LastModified;
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        if (!Indexed)
            response.Headers["X-Robots-Tag"] = "noindex";
        if (IsKnown(httpContext.Request, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var body = await httpContext.RequestServices.GetRequiredService<KeptAnswers>()
            .GetAsync(Tag, async () => Encoding.UTF8.GetBytes(await Make(httpContext.RequestAborted)));
        response.ContentType = ContentType;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }

    // RFC 9110 §13.2.2: the date counts only where no tag was given. It has whole seconds.
    private bool IsKnown(HttpRequest request, EntityTagHeaderValue tag)
    {
        var headers = request.GetTypedHeaders();
        if (request.Headers.IfNoneMatch.Count > 0)
            return headers.IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false));
        return headers.IfModifiedSince is { } since && LastModified is { } changed && changed < since.AddSeconds(1);
    }
}
