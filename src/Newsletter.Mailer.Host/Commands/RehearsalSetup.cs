using System.Globalization;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>How a rehearsal sends: as this machine is configured to, but to the inbox, and with waits that pass faster.</summary>
internal sealed class RehearsalSetup(DeliveryOptions real, DatabaseOptions cluster, RelayCaps caps, FaultPlan plan, int hurry)
{
    // A relay that is silent is given up after this; where the script answers late, after that and this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // What a script may have an answer's bytes wait for: a long reply, or the message.
    private const int BytesOfReply = 200;
    private const int BytesOfMessage = 65_536;

    public FaultPlan Plan => plan;

    public int Hurry => hurry;

    /// <summary>Of the configured relays: a rehearsal sends as fast as it can, and forecasts with these.</summary>
    public RelayCaps Caps => caps;

    /// <summary>Connections at once, as many as are configured to all relays.</summary>
    public int Connections { get; } = real.Relays.Count == 0 ? new RelayOptions().MaxConnections : real.Relays.Sum(relay => relay.MaxConnections);

    /// <summary>How long a reader put off so many times waits in all, without hurry: each wait, and the minute until it is noticed.</summary>
    public TimeSpan RealWait(int deferrals, bool resent)
    {
        var minutes = Enumerable.Range(0, deferrals).Sum(n => real.RetryMinutes[Math.Min(n, real.RetryMinutes.Length - 1)] + 1);
        return TimeSpan.FromMinutes(minutes) + (resent ? TimeSpan.FromSeconds(real.ResendUnknownSeconds + 60) : TimeSpan.Zero);
    }

    /// <summary>The first wait as configured, and as it passes here.</summary>
    public (TimeSpan Real, TimeSpan Here) FirstWait => (TimeSpan.FromMinutes(real.RetryMinutes[0]), TimeSpan.FromMinutes(real.RetryMinutes[0] / hurry));

    /// <summary>A worker in a folder of its own that sends to the inbox on this port.</summary>
    public HostSetup Host(string folder, int port) => new()
    {
        Role = HostRole.Worker,
        IgnoreMachine = true,
        Overrides = new Dictionary<string, string?>(Common(folder), StringComparer.Ordinal)
        {
            ["Delivery:Relays:0:Name"] = "inbox",
            ["Delivery:Relays:0:Host"] = "127.0.0.1",
            ["Delivery:Relays:0:Port"] = Text(port),
            ["Delivery:Relays:0:Security"] = nameof(RelaySecurity.None),
            ["Delivery:Relays:0:MaxConnections"] = Text(Math.Min(Connections, 1_000)),
            ["Delivery:Relays:0:MessagesPerConnection"] = Text(Like.MessagesPerConnection),
            ["Delivery:Relays:0:ConnectionSeconds"] = Text(Like.ConnectionSeconds),
            ["Delivery:Relays:0:UseChunking"] = Like.UseChunking ? "true" : "false",
            ["Delivery:Relays:0:ConnectTimeoutSeconds"] = Text(Math.Min(Like.ConnectTimeoutSeconds, Timeout())),
            ["Delivery:Relays:0:CommandTimeoutSeconds"] = Text(Math.Min(Like.CommandTimeoutSeconds, Timeout())),
            ["Delivery:Relays:0:FinalReplyTimeoutSeconds"] = Text(Math.Min(Like.FinalReplyTimeoutSeconds, Timeout())),
        },
    };

    // Where there are several, the first is the one that is preferred.
    private RelayOptions Like => real.Relays.FirstOrDefault() ?? new RelayOptions();

    private Dictionary<string, string?> Common(string folder)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DataFolder"] = folder,
            ["Logging:LogLevel:Default"] = "Error",
            ["Database:PostgresPrograms"] = cluster.PostgresPrograms,
            ["Database:PostgresAccount"] = cluster.PostgresAccount,
            ["Database:StartTimeoutSeconds"] = Text(cluster.StartTimeoutSeconds),
            ["Delivery:BatchSize"] = Text(real.BatchSize),
            ["Delivery:LeaseSeconds"] = Text(real.LeaseSeconds),
            ["Delivery:RenewSeconds"] = Text(real.RenewSeconds),
            ["Delivery:HandOverSeconds"] = Text(real.HandOverSeconds),
            ["Delivery:Senders"] = Text(real.Senders),
            ["Delivery:UnknownShare"] = Text(real.UnknownShare),
            ["Delivery:RejectedShare"] = Text(real.RejectedShare),
            ["Delivery:RefusalsInARow"] = Text(real.RefusalsInARow),
            ["Delivery:MaxAgeHours"] = Text(real.MaxAgeHours / hurry),
            ["Delivery:ResendUnknownSeconds"] = Text(Math.Min(real.ResendUnknownSeconds, Math.Max(1, real.ResendUnknownSeconds / hurry))),
            // A relay's breaker takes its own time, whatever the hurry.
            ["Delivery:PauseWithoutRelaySeconds"] = Text(real.PauseWithoutRelaySeconds),
        };
        for (var i = 0; i < real.RetryMinutes.Length; i++)
            settings[$"Delivery:RetryMinutes:{i}"] = Text(real.RetryMinutes[i] / hurry);
        return settings;
    }

    /// <summary>Seconds after which an answer is given up: never before the script gives it.</summary>
    private double Timeout() => plan.Lines.Select(LatestAnswer).DefaultIfEmpty().Max() + Patience.TotalSeconds;

    private static double LatestAnswer(FaultLine line) =>
        line.Wait.TotalSeconds + (line.Pace.TotalSeconds * (line.Point == FaultPoint.Body ? BytesOfMessage : BytesOfReply));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
