using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Mailer.Tests.Database;

/// <summary>
/// Answers PostgreSQL's start-up message on loopback, one answer a connection: an error of the given code, or a
/// greeting from a server of the given version. The last answer repeats.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    public ScriptedServer(params Answer[] answers)
    {
        listener.Start();
        serving = ServeAsync(answers);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string ConnectionString =>
        $"Host=127.0.0.1;Port={Port};Username=u;Password=topsecret;Database=d;SSL Mode=Disable;GSS Encryption Mode=Disable;Server Compatibility Mode=NoTypeLoading;Pooling=false";

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync(Answer[] answers)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                var stream = client.GetStream();
                var buffer = new byte[4096];
                await stream.ReadExactlyAsync(buffer.AsMemory(0, 4), stop.Token);
                await stream.ReadExactlyAsync(buffer.AsMemory(4, BinaryPrimitives.ReadInt32BigEndian(buffer) - 4), stop.Token);
                await stream.WriteAsync(answers[Math.Min(number, answers.Length - 1)].Bytes(), stop.Token);
                while (await stream.ReadAsync(buffer, stop.Token) > 0)
                {
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The client hung up, or the test is over.
            }
        }
    }

    internal sealed record Answer(string? Version, string? SqlState = null, string? Text = null)
    {
        public byte[] Bytes() => SqlState is not null
            ? Message('E', $"SFATAL\0VFATAL\0C{SqlState}\0M{Text}\0\0")
            :
            [
                .. Message('R', "\0\0\0\0"), .. Message('S', $"server_version\0{Version}\0"), .. Message('S', "client_encoding\0UTF8\0"),
                .. Message('S', "standard_conforming_strings\0on\0"), .. Message('K', "\0\0\0\u0001\0\0\0\u0001"), .. Message('Z', "I"),
            ];

        private static byte[] Message(char type, string body)
        {
            var message = new byte[body.Length + 5];
            message[0] = (byte)type;
            BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), body.Length + 4);
            Encoding.Latin1.GetBytes(body, message.AsSpan(5));
            return message;
        }
    }
}
