using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Newsletter.Mailer.Delivery;

/// <summary>An entry of <c>Delivery:Relays</c>, or a relay as the API takes it: the same rules for both.</summary>
public sealed class RelayOptions : IValidatableObject
{
    /// <summary>The operator's name for it; deliveries remember it, so keep it. Default: relay.</summary>
    [Required, StringLength(100, MinimumLength = 1)]
    public string Name { get; set; } = "relay";

    /// <summary>Host name or address of the relay. No default.</summary>
    [Required, StringLength(255)]
    public string Host { get; set; } = "";

    /// <summary>Port. Default 587.</summary>
    [Range(1, 65_535)]
    public int Port { get; set; } = 587;

    /// <summary>None, StartTlsWhenOffered, StartTls or ImplicitTls. Default StartTls.</summary>
    public RelaySecurity Security { get; set; } = RelaySecurity.StartTls;

    /// <summary>User name for AUTH. Default: none, no AUTH.</summary>
    public string? UserName { get; set; }

    /// <summary>Password for AUTH.</summary>
    public string? Password { get; set; }

    /// <summary>Name announced in EHLO. Default: the host of PublicUrl.</summary>
    public string? HeloName { get; set; }

    /// <summary>Accept a certificate that doesn't verify; only for a relay on a trusted network. Default false.</summary>
    public bool AcceptAnyCertificate { get; set; }

    /// <summary>Whether mail goes there. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Relays of the lowest number carry the mail; the next take over once none of those can. Default 10.</summary>
    [Range(0, 1_000)]
    public int Priority { get; set; } = 10;

    /// <summary>Its part of the mail beside the others of its priority: 3 beside 1 is three quarters. Default 1.</summary>
    [Range(1, 1_000)]
    public int Weight { get; set; } = 1;

    /// <summary>Connections at once, those of all workers together. Default 8.</summary>
    [Range(1, 1_000)]
    public int MaxConnections { get; set; } = 8;

    /// <summary>Messages a second, those of all workers together. Default: no limit.</summary>
    [Range(0.01, 100_000)]
    public double? MessagesPerSecond { get; set; }

    /// <summary>Messages a day (UTC), those of all workers together. Default: no limit.</summary>
    [Range(1, int.MaxValue)]
    public int? MessagesPerDay { get; set; }

    /// <summary>The ramp of a new relay. Default: none.</summary>
    public WarmUpOptions? WarmUp { get; set; }

    /// <summary>The relay hands the readers' servers' answers through, so each throttle group has a pace of its own. Default false: a smarthost answers for everyone.</summary>
    public bool Groups { get; set; }

    /// <summary>Throttle group → messages a second at most. Default: no limit until servers ask for one.</summary>
    public Dictionary<string, double> GroupRates { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Messages over one connection before it is replaced. Default 100.</summary>
    [Range(1, 100_000)]
    public int MessagesPerConnection { get; set; } = 100;

    /// <summary>Seconds after which a connection is replaced. Default 300.</summary>
    [Range(1, 86_400)]
    public int ConnectionSeconds { get; set; } = 300;

    /// <summary>Seconds for connecting, TLS and AUTH together. Default 30.</summary>
    [Range(1, 600)]
    public double ConnectTimeoutSeconds { get; set; } = 30;

    /// <summary>Seconds for the reply to a command (RFC 5321 §4.5.3.2). Default 300.</summary>
    [Range(0.1, 3_600)]
    public double CommandTimeoutSeconds { get; set; } = 300;

    /// <summary>Seconds for the reply to the message itself; giving up early makes duplicates (RFC 1047). Default 600.</summary>
    [Range(0.1, 7_200)]
    public double FinalReplyTimeoutSeconds { get; set; } = 600;

    /// <summary>BDAT where the relay offers CHUNKING (RFC 3030). Default false.</summary>
    public bool UseChunking { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (UserName is null != Password is null)
            yield return new ValidationResult("UserName and Password go together: set both or neither.", [nameof(UserName), nameof(Password)]);
        if (Host.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
            yield return new ValidationResult("Host is a host name or an address, without blanks.", [nameof(Host)]);
        if (Name.Any(char.IsControl))
            yield return new ValidationResult("Name has a control character.", [nameof(Name)]);
        if (HeloName is { } helo && (helo.Length is 0 or > 255 || helo.Any(letter => letter is <= ' ' or > '~')))
            yield return new ValidationResult("HeloName is a host name in ASCII, as EHLO takes it.", [nameof(HeloName)]);
        if (GroupRates.Count > 0 && !Groups)
            yield return new ValidationResult("GroupRates says nothing without Groups: switch Groups on, or leave the rates out.", [nameof(GroupRates)]);
        foreach (var (group, rate) in GroupRates.Where(pair => pair.Value is not (>= 0.01 and <= 100_000)))
            yield return new ValidationResult(string.Create(CultureInfo.InvariantCulture, $"GroupRates:{group} is {rate}; it is messages a second, from 0.01 to 100000."), [nameof(GroupRates)]);
        if (WarmUp is { } ramp)
        {
            var problems = new List<ValidationResult>();
            Validator.TryValidateObject(ramp, new ValidationContext(ramp), problems, validateAllProperties: true);
            foreach (var problem in problems)
                yield return new ValidationResult($"WarmUp: {problem.ErrorMessage}", [nameof(WarmUp)]);
        }
    }

    /// <summary>The relay under the row id that its name has in this database.</summary>
    /// <param name="id">Row id.</param>
    /// <param name="defaultHeloName">Announced in EHLO where the relay names nothing.</param>
    public Relay ToRelay(int id, string defaultHeloName) => new()
    {
        Id = id,
        Name = Name,
        Host = Host,
        Port = Port,
        Security = Security,
        UserName = UserName,
        Password = Password,
        HeloName = HeloName ?? defaultHeloName,
        AcceptAnyCertificate = AcceptAnyCertificate,
        Priority = Priority,
        Weight = Weight,
        MaxConnections = MaxConnections,
        MessagesPerSecond = MessagesPerSecond,
        MessagesPerDay = MessagesPerDay,
        WarmUp = WarmUp is { } ramp ? new WarmUp(ramp.Start, ramp.Messages, ramp.Growth, ramp.Cap, ramp.Days) : null,
        Groups = Groups,
        GroupRates = GroupRates,
        MessagesPerConnection = MessagesPerConnection,
        ConnectionLifetime = TimeSpan.FromSeconds(ConnectionSeconds),
        ConnectTimeout = TimeSpan.FromSeconds(ConnectTimeoutSeconds),
        CommandTimeout = TimeSpan.FromSeconds(CommandTimeoutSeconds),
        FinalReplyTimeout = TimeSpan.FromSeconds(FinalReplyTimeoutSeconds),
        UseChunking = UseChunking,
    };
}

/// <summary>How a new relay is made known: few messages on the first day, more each day.</summary>
public sealed class WarmUpOptions
{
    /// <summary>The first day (UTC), as 2030-03-01; nothing is sent before it. No default.</summary>
    [Range(typeof(DateOnly), "2000-01-01", "9000-01-01", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true, ErrorMessage = "Start is missing: it is the first day, as 2030-03-01.")]
    public DateOnly Start { get; set; }

    /// <summary>Messages on the first day. Default 50.</summary>
    [Range(1, 10_000_000)]
    public int Messages { get; set; } = 50;

    /// <summary>Factor from one day to the next. Default 1.5.</summary>
    [Range(1.0, 10.0)]
    public double Growth { get; set; } = 1.5;

    /// <summary>The most in a day while it lasts. Default: no limit.</summary>
    [Range(1, int.MaxValue)]
    public int? Cap { get; set; }

    /// <summary>Days that it lasts; then it limits nothing any more. Default 30.</summary>
    [Range(1, 365)]
    public int Days { get; set; } = 30;
}
