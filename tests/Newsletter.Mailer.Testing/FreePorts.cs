using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// Ports for servers that must be told theirs before they listen. They lie below the range from which the system picks (32768 and up on Linux), or a
/// connection made in between could have taken one.
/// </summary>
public static class FreePorts
{
    private const int First = 18_000;
    private const int Count = 14_000;

    // Another test process begins elsewhere.
    private static int s_next = Random.Shared.Next(Count);

    /// <summary>A port of the loopback address that nobody listens on, over TCP or UDP; never the same one twice.</summary>
    public static int Take()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"Every port from {First} to {First + Count - 1} is taken.");
    }

    private static bool IsFree(int port)
    {
        using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            tcp.Bind(new IPEndPoint(IPAddress.Loopback, port));
            udp.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
