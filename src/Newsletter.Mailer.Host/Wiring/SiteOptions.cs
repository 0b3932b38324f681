using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The keys at the top of the configuration: where readers reach this installation.</summary>
public sealed class SiteOptions : IValidatableObject
{
    /// <summary>
    /// The address under which readers reach us, the only source of links in mail. https, except on loopback.
    /// Default: <c>http://localhost:8080</c>.
    /// </summary>
    [Required(AllowEmptyStrings = false)]
    public string PublicUrl { get; set; } = "http://localhost:8080";

    /// <summary>
    /// The folder of this installation's data: the private cluster and the key ring. Default (empty):
    /// <c>/var/lib/newsletter-mailer</c> as root, <c>~/.local/share/newsletter-mailer</c> otherwise.
    /// </summary>
    public string? DataFolder { get; set; }

    /// <summary>Host names that requests may name, parted by semicolons; <c>*</c> for any. Default (empty): PublicUrl's host and loopback.</summary>
    public string AllowedHosts { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            yield return new ValidationResult($"PublicUrl is '{PublicUrl}'; it must be an absolute URL such as https://news.example.com.", [nameof(PublicUrl)]);
        else if (url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
            yield return new ValidationResult($"PublicUrl is '{PublicUrl}'; it can't have a query, a fragment or a user name.", [nameof(PublicUrl)]);
        else if (url.Scheme == "http" && !url.IsLoopback)
            yield return new ValidationResult(
                $"PublicUrl is '{PublicUrl}'; it must begin with https://, because the links in the mail let their holder act for a reader (RFC 8058 asks for it too). Only loopback may do without.",
                [nameof(PublicUrl)]);
    }
}

/// <summary>Section <c>Web</c>: how this process answers requests.</summary>
public sealed class WebOptions : IValidatableObject
{
    /// <summary>What to listen on, parted by semicolons. Default: <c>http://127.0.0.1:8080</c>.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Default: none.</summary>
    public IList<string> KnownProxies { get; set; } = [];

    /// <summary>The largest body of a request, in bytes; imports have no limit. Default 4 MiB.</summary>
    [Range(65_536, 1_073_741_824)]
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long work under way may take to end once the process is asked to stop, in seconds: mail in flight waits for its reply. Default 40.</summary>
    [Range(1, 3600)]
    public int ShutdownSeconds { get; set; } = 40;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(url => !IsListenable(url)))
            yield return new ValidationResult($"Web:Urls has '{url}'; each must be like http://127.0.0.1:8080.", [nameof(Urls)]);
        foreach (var proxy in KnownProxies.Where(proxy => !IPAddress.TryParse(proxy, out _) && !System.Net.IPNetwork.TryParse(proxy, out _)))
            yield return new ValidationResult($"Web:KnownProxies has '{proxy}'; each must be an IP address or a network such as 10.0.0.0/8.", [nameof(KnownProxies)]);
    }

    private static bool IsListenable(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme is "http" or "https" && address.PathBase.Length == 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
