namespace Newsletter.Mailer.Rendering.Targets;

/// <summary>The one spelling of an http(s) address that can stand in a Location header (RFC 9110 §10.2.2): ASCII, the host in punycode, the rest percent-encoded.</summary>
internal static class WebAddress
{
    /// <summary>The address as it is where it is ASCII already; null where it is none.</summary>
    public static string? ToAscii(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.Host.Length == 0)
            return null;
        if (url.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0)
            return url;
        var ascii = new UriBuilder(parsed) { Host = parsed.IdnHost }.Uri.AbsoluteUri;
        return ascii.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? ascii : null;
    }
}
