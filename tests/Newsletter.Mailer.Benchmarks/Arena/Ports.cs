using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Benchmarks.Arena;

internal static class Ports
{
    /// <summary>A port of the loopback interface that nobody listens on just now.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
