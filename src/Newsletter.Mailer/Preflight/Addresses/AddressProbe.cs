using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Newsletter.Mailer.Preflight.Addresses;

/// <summary>
/// Looks whether something is behind an address. The name is resolved once, private addresses are refused, and the connection goes to the
/// address that was looked at; each redirect is looked at anew. Nothing of a body is read; no cookie, proxy or credential is used.
/// </summary>
public sealed class AddressProbe : IDisposable
{
    private const int MostRedirects = 5;

    private readonly Func<IPAddress, bool> _isAllowed;
    private readonly TimeSpan _timeout;
    private readonly HttpMessageInvoker _client;

    /// <param name="timeout">For one address with its redirects; null: 10 s.</param>
    /// <param name="isAllowed">Which addresses may be connected to; null: public ones.</param>
    public AddressProbe(TimeSpan? timeout = null, Func<IPAddress, bool>? isAllowed = null)
    {
        (_timeout, _isAllowed) = (timeout ?? TimeSpan.FromSeconds(10), isAllowed ?? PublicAddress.IsPublic);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            Credentials = null,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 0,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromSeconds(30),
        });
    }

    /// <summary>What is there. Never throws but when it is stopped.</summary>
    public async Task<AddressState> LookAsync(string url, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_timeout);
        try
        {
            return await FollowAsync(new Uri(url), limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new AddressState(AddressVerdict.Unreachable, $"no answer within {_timeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            return Failed(e);
        }
        catch (Exception e) when (e is UriFormatException or InvalidOperationException or NotSupportedException or IOException or SocketException)
        {
            return new AddressState(AddressVerdict.Unreachable, Plain(e.Message));
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<AddressState> FollowAsync(Uri address, CancellationToken stop)
    {
        for (var step = 0; step <= MostRedirects; step++)
        {
            using var answer = await AskAsync(address, stop);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
                return Verdict(answer);
            address = location.IsAbsoluteUri ? location : new Uri(address, location);
            if (address.Scheme is not ("http" or "https"))
                return new AddressState(AddressVerdict.Unreachable, $"it leads on to {address.Scheme}:");
        }

        return new AddressState(AddressVerdict.Unreachable, $"it leads on and on, more than {MostRedirects} times");
    }

    // Many servers answer HEAD wrongly, and GET as they should.
    private async Task<HttpResponseMessage> AskAsync(Uri address, CancellationToken stop)
    {
        var head = await SendAsync(HttpMethod.Head, address, stop);
        if ((int)head.StatusCode < 400)
            return head;
        head.Dispose();
        return await SendAsync(HttpMethod.Get, address, stop);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.UserAgent.ParseAdd("Mozilla/5.0 (compatible; Newsletter.Mailer; link check)");
        request.Headers.Accept.ParseAdd("*/*");
        if (method == HttpMethod.Get)
            request.Headers.Range = new RangeHeaderValue(0, 0);
        return await _client.SendAsync(request, stop);
    }

    private static AddressState Verdict(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        // 416: there is something, but no byte 0 of it. 401, 403, 429, 451 and 999: there is something, and not for programs.
        if (status is < 400 or 401 or 403 or 405 or 406 or 416 or 429 or 451 or 999)
            return new AddressState(AddressVerdict.Fine, null, status is < 300 ? answer.Content.Headers.ContentRange?.Length ?? answer.Content.Headers.ContentLength : null, status is < 300 ? answer.Content.Headers.ContentType?.MediaType : null);
        return new AddressState(status is 404 or 410 ? AddressVerdict.Dead : AddressVerdict.Unreachable, $"it answers {status}");
    }

    private static AddressState Failed(HttpRequestException e) => e switch
    {
        { InnerException: PrivateAddressException refused } => new AddressState(AddressVerdict.Private, refused.Message),
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } => new AddressState(AddressVerdict.Dead, "there is no such host"),
        { InnerException: SocketException { SocketErrorCode: SocketError.TryAgain } } => new AddressState(AddressVerdict.Unreachable, "its name can't be looked up just now"),
        { HttpRequestError: HttpRequestError.SecureConnectionError } => new AddressState(AddressVerdict.Unreachable, "its certificate isn't valid, or it speaks no TLS"),
        _ => new AddressState(AddressVerdict.Unreachable, Plain((e.InnerException ?? e).Message)),
    };

    private static string Plain(string message) => message.TrimEnd('.').ReplaceLineEndings(" ");

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var host = context.DnsEndPoint.Host;
        IPAddress[] all = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, stop);
        // One private address among public ones is a trick, or a mistake.
        if (all.FirstOrDefault(address => !_isAllowed(address)) is not null)
            throw new PrivateAddressException("an address of a private network");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(all, context.DnsEndPoint.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class PrivateAddressException(string message) : IOException(message);
}
