using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>Either a connected socket or, in words, why there is none.</summary>
internal readonly record struct Dialled(Socket? Socket, string? Failure);

/// <summary>From a host name to a connected socket: every address in turn, each with its share of the time.</summary>
internal static class RelayDialling
{
    public static async Task<Dialled> DialAsync(Relay relay, CancellationToken limit)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await ResolveAsync(relay.Host, limit);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or OperationCanceledException)
        {
            var why = e is OperationCanceledException ? $"no answer within {RelayStream.Words(relay.ConnectTimeout)}" : ReplyReading.OneLine(e.Message);
            return new Dialled(null, $"Could not find the address of the relay {relay}: {why}. Check its host name, and this machine's DNS.");
        }

        var share = relay.ConnectTimeout / Math.Max(1, addresses.Length);
        var failures = new List<string>(addresses.Length);
        foreach (var address in addresses)
        {
            var dialled = await DialAsync(new IPEndPoint(address, relay.Port), share, limit);
            if (dialled.Socket is not null)
                return dialled;
            failures.Add(dialled.Failure!);
        }

        return new Dialled(null, $"Could not connect to the relay {relay.Name}: {string.Join("; ", failures)}. Is it running there, is its port right, does a firewall let us through?");
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken limit) =>
        IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, limit);

    private static async Task<Dialled> DialAsync(IPEndPoint endPoint, TimeSpan share, CancellationToken limit)
    {
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(limit);
        mine.CancelAfter(share);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Tune(socket);
            await socket.ConnectAsync(endPoint, mine.Token);
            return new Dialled(socket, null);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return new Dialled(null, $"{endPoint}: {(e is SocketException failure ? Words(failure) : $"no answer within {RelayStream.Words(share)}")}");
        }
    }

    private static void Tune(Socket socket)
    {
        // Nagle's algorithm and delayed acknowledgements cost 40 ms a message otherwise.
        socket.NoDelay = true;
        // A host that vanished is noticed within two minutes, also while we wait long for the reply to a message.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 6);
    }

    private static string Words(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => "no answer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no way there",
        _ => ReplyReading.OneLine(e.Message),
    };
}
