using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

/// <summary>A client that says what a test wants it to say, byte for byte, and times out instead of hanging.</summary>
internal sealed class SmtpConversation : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient client = new() { NoDelay = true };
    private readonly byte[] buffer = new byte[16 * 1024];
    private readonly List<byte> unread = [];
    private Stream stream = Stream.Null;

    /// <summary>Connects and says nothing.</summary>
    public static async Task<SmtpConversation> ConnectAsync(InboxServer inbox)
    {
        var conversation = new SmtpConversation();
        await conversation.client.ConnectAsync(inbox.EndPoint);
        conversation.stream = conversation.client.GetStream();
        return conversation;
    }

    /// <summary>Connects, hears the greeting and says EHLO.</summary>
    public static async Task<SmtpConversation> GreetAsync(InboxServer inbox)
    {
        var conversation = await ConnectAsync(inbox);
        Assert.StartsWith("220 ", await conversation.ReadAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await conversation.SayAsync("EHLO client.test"), StringComparison.Ordinal);
        return conversation;
    }

    /// <summary>Says a command and gives the reply, its lines joined by LF.</summary>
    public async Task<string> SayAsync(string command)
    {
        await SendAsync(command + "\r\n");
        return await ReadAsync();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await stream.WriteAsync(bytes).AsTask().WaitAsync(patience);

    /// <summary>The next reply; null when the connection was closed instead.</summary>
    public async Task<string> ReadAsync()
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync() ?? throw new IOException("The inbox closed the connection.");
            lines.Add(line);
            if (line.Length < 4 || line[3] != '-')
                return string.Join('\n', lines);
        }
    }

    /// <summary>Whether the inbox has closed, with nothing more to read.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return await ReadLineAsync() is null;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Whether nothing comes for a while.</summary>
    public async Task<bool> IsSilentAsync(TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time);
        try
        {
            return unread.Count == 0 && await stream.ReadAsync(buffer, stop.Token) < 0;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>Sends a whole message, ordinarily; the reply to its end.</summary>
    public async Task<string> DeliverAsync(string to, string text = "Message-ID: <1@example.com>\r\nSubject: Hello\r\n\r\nText\r\n", string from = "news@example.com")
    {
        Assert.StartsWith("250", await SayAsync($"MAIL FROM:<{from}>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await SayAsync($"RCPT TO:<{to}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await SayAsync("DATA"), StringComparison.Ordinal);
        await SendAsync(text.Replace("\r\n.", "\r\n..", StringComparison.Ordinal));
        return await SayAsync(".");
    }

    /// <summary>Goes on in TLS, trusting the inbox's certificate and no other.</summary>
    public async Task SecureAsync(InboxServer inbox)
    {
        var secured = new SslStream(stream, false, (_, certificate, _, _) => certificate?.GetCertHashString() == inbox.Certificate?.GetCertHashString());
        stream = secured;
        await secured.AuthenticateAsClientAsync("localhost").WaitAsync(patience);
    }

    public void HangUp() => client.Dispose();

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        client.Dispose();
    }

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var feed = unread.IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var line = Encoding.UTF8.GetString([.. unread[..feed]]).TrimEnd('\r');
                unread.RemoveRange(0, feed + 1);
                return line;
            }

            var read = await stream.ReadAsync(buffer).AsTask().WaitAsync(patience);
            if (read == 0)
                return null;

            unread.AddRange(buffer[..read]);
        }
    }
}
