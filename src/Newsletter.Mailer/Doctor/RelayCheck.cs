using System.Globalization;
using System.Net;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Doctor;

/// <summary>Every relay: whether it can be sent through, how safely, and under what name we speak to it.</summary>
public sealed class RelayCheck(DnsRecords dns, RelayProbe probe, IReadOnlyList<Relay> relays, TimeProvider clock) : ICheck
{
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        if (relays.Count == 0)
            return new Findings("relay").Fail("", "No relay is set up: nothing can be sent.", "\"Delivery\": { \"Relays\": [ { \"Name\": \"main\", \"Host\": \"smtp.example.com\", \"Port\": 587, \"UserName\": \"…\", \"Password\": \"…\" } ] }").All;
        return [.. (await Task.WhenAll(relays.Select(relay => LookAsync(relay, stop)))).SelectMany(found => found)];
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(Relay relay, CancellationToken stop)
    {
        if (relay.Problem is { } problem)
            return new Findings("relay").Fail(relay.Name, problem).All;
        var probed = await probe.ProbeAsync(relay, stop);
        var addresses = await RelayAddresses.OfAsync(dns, relay, stop);
        var found = new List<Finding>(Reached(relay, probed).All);
        found.AddRange(Secured(relay, probed, addresses).All);
        if (probed.Problem is null)
            found.AddRange((await NamedAsync(probed.HeloName, relay, addresses, stop)).All);
        foreach (var address in addresses.Where(RelayAddresses.IsPublic))
            found.AddRange((await PointedAsync(relay, address, stop)).All);
        return found;
    }

    private static Findings Reached(Relay relay, RelayProbed probed)
    {
        var findings = new Findings("relay");
        if (probed.Problem is { } problem)
            return findings.Fail(relay.Name, problem);
        var login = relay.UserName is null ? "" : ", and our user name and password are good";
        return probed.Lacks.Count == 0
            ? findings.Ok(relay.Name, $"It answers{login}.")
            : findings.Note(relay.Name, $"It answers{login}. It doesn't offer {string.Join(", ", probed.Lacks)}: slower, or less is known of what became of a message.");
    }

    private Findings Secured(Relay relay, RelayProbed probed, IReadOnlyList<IPAddress> addresses)
    {
        var findings = new Findings("tls");
        var leavesTheMachine = addresses.Count == 0 || addresses.Any(address => !IPAddress.IsLoopback(address));
        if (probed.CertificateEnds is { } ends && ends.ToUniversalTime() - clock.GetUtcNow().UtcDateTime is var left && left < s_soon)
            return findings.Fail(relay.Name, string.Create(CultureInfo.InvariantCulture, $"Its certificate {(left < TimeSpan.Zero ? "ended" : "ends")} on {ends.ToUniversalTime():yyyy-MM-dd}: have it renewed."));
        if (probed.Problem is not null)
            return findings;
        if (probed.Tls is not { } version)
            return leavesTheMachine
                ? findings.Fail(relay.Name, relay.UserName is null ? "Mail to it isn't encrypted." : "Mail to it isn't encrypted, and neither is our password.", "\"Security\": \"StartTls\"")
                : findings.Ok(relay.Name, "Mail to it isn't encrypted; it doesn't leave this machine.");
        if (probed.IsOldTls)
            return findings.Warn(relay.Name, $"It speaks {version}, which is no longer safe (RFC 8996). Ask for TLS 1.2 or newer.");
        if (relay.AcceptAnyCertificate && leavesTheMachine)
            return findings.Warn(relay.Name, $"{version}, but any certificate is accepted: whoever sits in between can read everything.", "\"AcceptAnyCertificate\": false");
        return findings.Ok(relay.Name, $"{version}{(probed.CertificateEnds is { } until ? string.Create(CultureInfo.InvariantCulture, $", certificate good until {until.ToUniversalTime():yyyy-MM-dd}") : "")}.");
    }

    private async Task<Findings> NamedAsync(string name, Relay relay, IReadOnlyList<IPAddress> addresses, CancellationToken stop)
    {
        var findings = new Findings("helo");
        if (addresses.Count > 0 && addresses.All(IPAddress.IsLoopback))
            return findings.Ok(relay.Name, $"We call ourselves {name} to it; it is on this machine.");
        if (!name.Contains('.', StringComparison.Ordinal) || IPAddress.TryParse(name.Trim('[', ']'), out _))
            return findings.Warn(relay.Name, $"We call ourselves '{name}' to it (EHLO), which is no full host name (RFC 5321, 4.1.1.1).", "\"HeloName\": \"news.example.com\"");
        var answer = await dns.AddressesAsync(name, stop);
        return answer.Failure is { } failure ? findings.Warn(relay.Name, $"The name we announce (EHLO {name}) can't be looked up: {failure}.")
            : answer.IsMissing ? findings.Warn(relay.Name, $"The name we announce (EHLO {name}) has no address: some servers refuse that.", $"{name}. IN A ADDRESS-OF-THIS-MACHINE")
            : findings.Ok(relay.Name, $"We announce ourselves as {name}, which has an address.");
    }

    private async Task<Findings> PointedAsync(Relay relay, IPAddress address, CancellationToken stop)
    {
        var findings = new Findings("ptr");
        var names = await dns.PointersAsync(address, stop);
        if (names.Failure is { } failure)
            return findings.Warn(relay.Name, $"The name of {address} can't be looked up: {failure}.");
        if (names.IsMissing)
            return findings.Warn(relay.Name, $"{address} has no name (PTR): large providers refuse mail from such addresses, should the relay send from it. Its provider sets the name.");
        foreach (var name in names.Values)
        {
            if ((await dns.AddressesAsync(name, stop)).Values.Contains(address.ToString()))
                return findings.Ok(relay.Name, $"{address} is {name}, there and back.");
        }

        return findings.Warn(relay.Name, $"{address} says that it is {string.Join(", ", names.Values)}, but that name doesn't lead back to it.", $"{names.Values[0]}. IN {(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "A" : "AAAA")} {address}");
    }
}
