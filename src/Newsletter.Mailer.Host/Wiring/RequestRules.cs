using System.Net;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Newsletter.Mailer.Host.Endpoints;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>What holds for every request: whose forwarding is believed, which hosts may be named, how large a body may be, what headers an answer carries.</summary>
internal static class RequestRules
{
    private const string ContentPolicy =
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        + "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

    public static void AddRequestRules(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<WebOptions>>((kestrel, web) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = web.Value.MaxBodyBytes;
        });
        services.AddHostFiltering(_ => { });
        services.AddOptions<HostFilteringOptions>().Configure<IOptions<SiteOptions>>((filter, site) => filter.AllowedHosts = Hosts(site.Value));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<WebOptions>>((forwarded, web) => Believe(forwarded, web.Value.KnownProxies));
    }

    /// <summary>Sets what a page or answer didn't set for itself.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.TryAdd("Referrer-Policy", "no-referrer");
            headers.TryAdd("Content-Security-Policy", ContentPolicy);
            headers.TryAdd("Cross-Origin-Opener-Policy", "same-origin");
            // Answers hold readers' data, and pages tokens: no cache between us and the caller may keep them.
            headers.TryAdd("Cache-Control", "no-store");
            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>Refuses what no endpoint could keep or read: NUL and broken text in the query, and bodies in other encodings than UTF-8.</summary>
    public static void UseReadableRequests(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Request.Path.Value?.Contains('\0', StringComparison.Ordinal) == true
            || http.Request.Query.Any(pair => IsBroken(pair.Key) || pair.Value.Any(IsBroken)))
            return Problems.WriteAsync(http, StatusCodes.Status400BadRequest, "The URL holds a NUL character or half a character, which no text can.");
        // Readers' pages read no body: a mail client's one click may name whatever charset it likes (RFC 8058 §3.2).
        if (http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            && MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
            && type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
            return Problems.WriteAsync(http, StatusCodes.Status415UnsupportedMediaType, $"Bodies are read as UTF-8 only, not as {type.Charset}.");
        return next(http);
    });

    private static bool IsBroken(string? text)
    {
        if (text is null)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
                return true;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    private static List<string> Hosts(SiteOptions site) =>
        site.AllowedHosts.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } named
            ? [.. named]
            : [new Uri(site.PublicUrl).Host, "localhost", "127.0.0.1", "[::1]"];

    private static void Believe(ForwardedHeadersOptions forwarded, IList<string> proxies)
    {
        // The framework believes loopback unasked, and everybody where the lists are empty; here nobody is believed who isn't named.
        forwarded.ForwardedHeaders = proxies.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
                forwarded.KnownProxies.Add(address);
            else
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
        }
    }
}
