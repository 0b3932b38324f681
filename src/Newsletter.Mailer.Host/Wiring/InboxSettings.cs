using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Section <c>Inbox</c>: the built-in catch-all relay for demo and development. It delivers nothing to anyone.</summary>
public sealed class InboxSettings
{
    /// <summary>Take all mail into the built-in inbox, shown at /inbox, instead of sending it through Delivery:Relays. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>Enable it although PublicUrl is not on this machine: readers then get nothing. Default false.</summary>
    public bool AllowInProduction { get; set; }

    /// <summary>Loopback port it listens on; 0: any free one. Default 0.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; }

    /// <summary>Messages whose bodies are kept. Default 1000.</summary>
    [Range(0, 100_000)]
    public int KeptBodies { get; set; } = 1_000;
}
