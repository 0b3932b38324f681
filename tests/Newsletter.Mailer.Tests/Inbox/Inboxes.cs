using System.Net;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

/// <summary>Starts inboxes for tests.</summary>
internal static class Inboxes
{
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public static Task<InboxServer> StartAsync(Action<InboxOptions> set) => StartAsync(null, set);

    public static async Task<InboxServer> StartAsync(FaultScript? script = null, Action<InboxOptions>? set = null, TimeProvider? clock = null)
    {
        var options = new InboxOptions();
        set?.Invoke(options);
        var inbox = new InboxServer(options, script, clock);
        await inbox.StartAsync();
        return inbox;
    }

    /// <summary>The latest message.</summary>
    public static ReceivedMessage Latest(this InboxServer inbox) => inbox.Messages.List(1).Messages[0];

    /// <summary>The bytes of the latest message.</summary>
    public static byte[] LatestBytes(this InboxServer inbox) => inbox.Messages.ReadBody(inbox.Messages.Count)!.Bytes;
}
