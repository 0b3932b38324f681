using System.Text;
using System.Text.Json;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Bodies that an endpoint reads by itself because more than one type is welcome.</summary>
internal static class RequestBodies
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the body is of this media type, whatever its parameters.</summary>
    public static bool HasMediaType(this HttpRequest request, string mediaType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="BadHttpRequestException">It isn't JSON of this shape.</exception>
    public static async Task<T> ReadJsonAsync<T>(this HttpRequest request, CancellationToken stop)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, ApiJson.Options, stop)
                ?? throw new BadHttpRequestException("The request needs a body of JSON, but has null.");
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("The body is not JSON of the right shape.", e);
        }
    }

    /// <summary>The whole body as text.</summary>
    /// <exception cref="BadHttpRequestException">It isn't UTF-8.</exception>
    public static async Task<string> ReadTextAsync(this HttpRequest request, CancellationToken stop)
    {
        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes, stop);
        try
        {
            return s_strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException e)
        {
            throw new BadHttpRequestException($"The body isn't UTF-8: there is a wrong byte at position {e.Index}. Save the file as UTF-8.", e);
        }
    }
}
