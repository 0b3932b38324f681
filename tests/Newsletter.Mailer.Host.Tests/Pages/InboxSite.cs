using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using MimeKit;
using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>An inbox with its pages on a free port, and a way to put mail into it.</summary>
internal sealed class InboxSite : IAsyncDisposable
{
    private readonly WebApplication program;

    private InboxSite(WebApplication program, InboxServer inbox)
    {
        this.program = program;
        Inbox = inbox;
        Client = new HttpClient { BaseAddress = new Uri(Root) };
    }

    public InboxServer Inbox { get; }

    public HttpClient Client { get; }

    public string Root => program.Urls.First();

    /// <param name="keptBodies">Messages kept whole.</param>
    /// <param name="map">More routes.</param>
    public static async Task<InboxSite> StartAsync(int keptBodies = 1000, Action<IEndpointRouteBuilder>? map = null)
    {
        var inbox = new InboxServer(new InboxOptions { KeptBodies = keptBodies });
        await inbox.StartAsync();
        return await StartAsync(inbox, () => inbox, map);
    }

    /// <summary>A site whose program has no inbox.</summary>
    public static Task<InboxSite> StartWithoutInboxAsync() => StartAsync(new InboxServer(new InboxOptions()), () => null, null);

    /// <summary>Puts a message into the inbox, by SMTP.</summary>
    public async Task DeliverAsync(MimeMessage message)
    {
        var count = Inbox.Messages.Count + 1;
        using var wire = new System.Net.Sockets.TcpClient();
        await wire.ConnectAsync(Inbox.EndPoint);
        using var text = new MemoryStream();
        await message.WriteToAsync(new FormatOptions { NewLineFormat = NewLineFormat.Dos, International = true }, text);
        var recipients = message.To.Mailboxes.Select(to => $"RCPT TO:<{to.Address}>\r\n");
        var envelope = $"EHLO client.test\r\nMAIL FROM:<bounce+7@example.com> SMTPUTF8\r\n{string.Concat(recipients)}BDAT {text.Length} LAST\r\n";
        await wire.GetStream().WriteAsync((byte[])[.. Encoding.UTF8.GetBytes(envelope), .. text.ToArray(), .. "QUIT\r\n"u8]);
        await Inbox.Messages.WaitForAsync(count, TimeSpan.FromSeconds(20));
    }

    /// <summary>Puts ordinary messages into the inbox, to reader1@example.com and so on.</summary>
    public async Task DeliverAsync(int count)
    {
        for (var i = 1; i <= count; i++)
        {
            using var message = Some($"reader{i}@example.com", id: $"35.{i}@example.com");
            await DeliverAsync(message);
        }
    }

    public static MimeMessage Some(
        string to = "ana@example.com", string subject = "Here's the tea", string? html = "<html><head></head><body><p>Hello</p></body></html>", string? text = "Hello", string id = "35.7@example.com")
    {
        var body = new BodyBuilder { HtmlBody = html, TextBody = text };
        var message = new MimeMessage { Subject = subject, MessageId = id, Body = body.ToMessageBody(), Date = new DateTimeOffset(2026, 3, 6, 8, 0, 0, TimeSpan.Zero) };
        message.From.Add(new MailboxAddress("The Weekly Tea", "news@example.com"));
        message.To.Add(new MailboxAddress("", to));
        return message;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await program.DisposeAsync();
        await Inbox.DisposeAsync();
    }

    private static async Task<InboxSite> StartAsync(InboxServer inbox, Func<InboxServer?> running, Action<IEndpointRouteBuilder>? map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseSecurityHeaders();
        app.MapInboxPages(running);
        map?.Invoke(app);
        await app.StartAsync();
        return new InboxSite(app, inbox);
    }
}
