using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Whether requests can be listened for, asked before anything is started: the server's own failure is a page of stack traces.</summary>
internal static class ListenCheck
{
    /// <exception cref="ConfigurationException">An address is taken, not this machine's, or not to be listened on by this account.</exception>
    public static void RefuseWhatCantBeListenedOn(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (EndPointOf(url) is { Port: > 0 } endPoint)
                Try(endPoint);
        }
    }

    // Null for what the settings' own check refuses, for names that the server resolves, and for Unix sockets.
    private static IPEndPoint? EndPointOf(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.IsUnixPipe || address.IsNamedPipe)
                return null;
            if (IPAddress.TryParse(address.Host, out var ip))
                return new IPEndPoint(ip, address.Port);
            return new IPEndPoint(address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Any, address.Port);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void Try(IPEndPoint endPoint)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As the server does it: a port whose last user has just gone is free.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            socket.Bind(endPoint);
            socket.Listen(1);
        }
        catch (SocketException refused)
        {
            throw new ConfigurationException(Sentence(endPoint, refused.SocketErrorCode), refused);
        }
    }

    private static string Sentence(IPEndPoint endPoint, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => FormattableString.Invariant(
            $"Port {endPoint.Port} of {endPoint.Address} is taken by another program ('ss -ltnp sport = :{endPoint.Port}' names it): stop that one, or set Web:Urls to another port."),
        SocketError.AccessDenied => FormattableString.Invariant(
            $"Port {endPoint.Port} of {endPoint.Address} may not be listened on by this account: set Web:Urls to a port from 1024 on, behind a reverse proxy."),
        SocketError.AddressNotAvailable => FormattableString.Invariant($"{endPoint.Address} is no address of this machine: set Web:Urls to one that is."),
        _ => FormattableString.Invariant($"Port {endPoint.Port} of {endPoint.Address} can't be listened on ({error}): set Web:Urls to another address."),
    };
}
