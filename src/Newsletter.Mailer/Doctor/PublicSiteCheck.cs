using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Doctor;

/// <summary>
/// Whether readers reach us under the public URL, and whether the one click of mail clients does (RFC 8058 §3.1, §3.2): asked from this
/// machine, through whatever proxy stands before us.
/// </summary>
/// <param name="site">The public URL.</param>
/// <param name="keys">Sign the link that is tried: one of no reader.</param>
/// <param name="newsletterId">A newsletter; null: there is none yet.</param>
/// <param name="clock">Tells how long a certificate is good.</param>
public sealed class PublicSiteCheck(PublicSite site, KeyRing keys, long? newsletterId, TimeProvider clock) : ICheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);
    private DateTime? _certificateEnds;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Seen },
        };
        using var client = new HttpClient(handler) { Timeout = s_patience };
        return await ReachAsync(client, stop) is var reached && reached.All.Any(found => found.Level == FindingLevel.Error)
            ? reached.All
            : [.. reached.All, .. (await ClickAsync(client, stop)).All];
    }

    private bool Seen(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _certificateEnds = (certificate as X509Certificate2)?.NotAfter.ToUniversalTime();
        return errors == SslPolicyErrors.None;
    }

    private async Task<Findings> ReachAsync(HttpClient client, CancellationToken stop)
    {
        var (findings, url) = (new Findings("public-url"), $"{site.Url}health/live");
        var (answer, failure) = await AskAsync(() => client.GetAsync(url, stop), stop);
        if (answer is null)
            return findings.Fail(site.Url.ToString(), $"It can't be reached from here: {failure}. Links in mail lead there.");
        using (answer)
        {
            var body = await BodyAsync(answer, stop);
            if (answer.StatusCode != HttpStatusCode.OK || !body.Contains("\"ok\"", StringComparison.Ordinal))
                return findings.Fail(site.Url.ToString(), $"Something else answers there ({Said(answer)}). Let your web server pass all requests on to this program, the path unchanged.", Proxy());
        }

        if (site.Url.IsLoopback)
            return findings.Warn(site.Url.ToString(), "It answers, but only on this machine: no reader can reach it.", "\"PublicUrl\": \"https://news.example.com\"");
        return _certificateEnds is { } ends && ends - clock.GetUtcNow().UtcDateTime < s_soon
            ? findings.Warn(site.Url.ToString(), string.Create(CultureInfo.InvariantCulture, $"It answers, and its certificate ends on {ends:yyyy-MM-dd}."))
            : findings.Ok(site.Url.ToString(), "It answers, and it is us.");
    }

    private async Task<Findings> ClickAsync(HttpClient client, CancellationToken stop)
    {
        var findings = new Findings("one-click");
        if (newsletterId is not { } id)
            return findings.Note("", "Not tried: there is no newsletter yet.");
        // A link of no reader: to follow it changes nothing.
        var url = site.Unsubscribe(new UnsubscribeToken(id, 0, 0).Sign(keys, keys.ActiveKey));
        using var form = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        var (answer, failure) = await AskAsync(() => client.PostAsync(url, form, stop), stop);
        using (answer)
        {
            if (answer is null)
                return findings.Fail("", $"The POST of a mail client's unsubscribe button gets no answer: {failure}.");
            return answer.StatusCode == HttpStatusCode.OK
                ? findings.Ok("", "A mail client's unsubscribe button works: its POST gets 200, and no redirect.")
                : findings.Fail("", $"A mail client's unsubscribe button doesn't work: its POST gets {Said(answer)} (RFC 8058 allows no redirect, cookie or log-in). Gmail and Yahoo ask for it of everyone who sends in bulk.", Proxy());
        }
    }

    private static async Task<(HttpResponseMessage? Answer, string? Failure)> AskAsync(Func<Task<HttpResponseMessage>> ask, CancellationToken stop)
    {
        try
        {
            return (await ask(), null);
        }
        catch (HttpRequestException e)
        {
            return (null, (e.InnerException?.Message ?? e.Message).TrimEnd('.'));
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return (null, "no answer within ten seconds");
        }
    }

    private static async Task<string> BodyAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        var buffer = new byte[1024];
        await using var body = await answer.Content.ReadAsStreamAsync(stop);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop));
    }

    private static string Said(HttpResponseMessage answer) =>
        answer.Headers.Location is { } to ? $"{(int)answer.StatusCode}, a redirect to {to}" : string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ReasonPhrase}");

    private string Proxy() => $"location {site.Url.AbsolutePath} {{ proxy_pass http://127.0.0.1:8080{(site.Url.AbsolutePath == "/" ? "" : "/")}; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; }}";
}
