using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Smtp;

/// <summary>Relays, transports and messages for the tests of this room.</summary>
internal static class Sending
{
    /// <summary>Time-outs as in life would make tests last for minutes; these are scaled down through the relay's own options.</summary>
    public static Relay RelayAt(int port) => new()
    {
        Id = 1,
        Name = "test",
        Host = "127.0.0.1",
        Port = port,
        Security = RelaySecurity.None,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        CommandTimeout = TimeSpan.FromSeconds(20),
        FinalReplyTimeout = TimeSpan.FromSeconds(20),
    };

    public static SmtpTransport Transport(TimeProvider? clock = null, IMessageSigner? signer = null) =>
        new("news.example.com", clock ?? TimeProvider.System, NullLogger<SmtpTransport>.Instance, signer: signer);

    public static async Task<IMailConnection> ConnectAsync(Relay relay, TimeProvider? clock = null) =>
        Assert.IsType<ConnectOutcome.Connected>(await Transport(clock).ConnectAsync(relay, CancellationToken.None)).Connection;

    public static Task<IMailConnection> ConnectAsync(this InboxServer inbox, Func<Relay, Relay>? with = null, TimeProvider? clock = null) =>
        ConnectAsync(with?.Invoke(RelayAt(inbox.Port)) ?? RelayAt(inbox.Port), clock);

    /// <summary>Starts an inbox with that script, sends it one ordinary mail and gives the outcome.</summary>
    public static async Task<SendOutcome> SendOneAsync(FaultScript script, Func<Relay, Relay>? with = null, Action<InboxOptions>? set = null)
    {
        await using var inbox = await Inboxes.StartAsync(script, set);
        await using var connection = await inbox.ConnectAsync(with);
        return await connection.SendAsync(Mail());
    }

    public static OutgoingMail Mail(string recipient = "ana@example.net", FilledMessage? message = null, string sender = "bounces@example.com") =>
        new() { Sender = sender, Recipient = recipient, Message = message ?? Message() };

    public static FilledMessage Message(string body = "Hello.\r\n", string id = "1@example.com", bool smtpUtf8 = false) =>
        Filled($"From: News <news@example.com>\r\nTo: ana@example.net\r\nSubject: #35\r\nMessage-ID: <{id}>\r\nDate: Fri, 05 Sep 2025 08:00:00 +0000\r\n\r\n{body}", smtpUtf8);

    /// <summary>Cut into segments of that size, wherever the cuts fall.</summary>
    public static FilledMessage Filled(string whole, bool smtpUtf8 = false, int segment = 7) => Filled(Encoding.UTF8.GetBytes(whole), smtpUtf8, segment);

    public static FilledMessage Filled(byte[] whole, bool smtpUtf8 = false, int segment = 7) =>
        new([.. whole.Chunk(segment).Select(piece => (ReadOnlyMemory<byte>)piece)], smtpUtf8);

    public static byte[] Bytes(this FilledMessage message)
    {
        using var all = new MemoryStream();
        message.WriteTo(all);
        return all.ToArray();
    }
}
