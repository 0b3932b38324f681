namespace Newsletter.Mailer.Feedback.Webhooks;

/// <summary>Gets certificates and confirmations from Amazon's hosts: no redirect, nothing large, not for long.</summary>
public static class WebhookFetch
{
    private const int MostBytes = 64 * 1024;

    private static readonly HttpClient s_client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = MostBytes,
    };

    /// <exception cref="HttpRequestException">It can't be had.</exception>
    public static async Task<byte[]> GetAsync(Uri url, CancellationToken stop)
    {
        using var answer = await s_client.GetAsync(url, stop);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsByteArrayAsync(stop);
    }
}
