using System.Net;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Doctor;

/// <summary>SPF (RFC 7208) of the domains that envelopes name as their sender.</summary>
/// <param name="dns">Asked.</param>
/// <param name="domains">Domains of envelope senders.</param>
/// <param name="relays">Whose addresses should be allowed, where they are public.</param>
public sealed class SpfCheck(DnsRecords dns, IReadOnlyList<string> domains, IReadOnlyList<Relay> relays) : ICheck
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("spf");
        foreach (var domain in domains)
            await LookAsync(domain, findings, stop);
        return findings.All;
    }

    private async Task LookAsync(string domain, Findings findings, CancellationToken stop)
    {
        var walk = new SpfWalk(dns);
        await walk.RunAsync(domain, stop);
        if (walk.Failure is { } failure && walk.Problem is null)
            findings.Warn(domain, $"SPF can't be followed: {failure}.");
        else if (walk.Text is null)
            findings.Fail(domain, "There is no SPF record: large providers refuse bulk mail from a domain without one.", $"{domain}. IN TXT \"v=spf1 {await SourcesAsync(stop)} ~all\"");
        else if (walk.Problem is { } problem)
            findings.Fail(domain, $"The SPF record is broken: {problem}. Receivers give up (permerror). It reads: {walk.Text}");
        else if (Excess(walk) is { } excess)
            findings.Fail(domain, $"The SPF record takes {excess}; receivers give up (permerror). Put the networks of rarely changing includes in as ip4: and ip6:, or take out senders that are no longer used. It reads: {walk.Text}");
        else
            await JudgeAsync(domain, walk, findings, stop);
    }

    private static string? Excess(SpfWalk walk) =>
        walk.Lookups > SpfWalk.MostLookups ? $"{walk.Lookups} looks into the DNS, and {SpfWalk.MostLookups} are allowed (RFC 7208, 4.6.4)"
        : walk.VoidLookups > SpfWalk.MostVoid ? $"{walk.VoidLookups} looks into the DNS that find nothing, and {SpfWalk.MostVoid} are allowed (RFC 7208, 4.6.4)"
        : null;

    private async Task JudgeAsync(string domain, SpfWalk walk, Findings findings, CancellationToken stop)
    {
        var costs = $"{walk.Lookups} of {SpfWalk.MostLookups} looks into the DNS";
        if (walk.All is '+')
        {
            findings.Fail(domain, "The SPF record ends in +all: anyone may send as this domain, and receivers take it for a spammer's.", $"{domain}. IN TXT \"{Closed(walk.Text!)}\"");
            return;
        }

        IPAddress[] outside = walk.HasMacros ? [] : await OutsideAsync(walk, stop);
        if (outside.Length > 0)
            findings.Warn(
                domain,
                $"The SPF record doesn't allow {string.Join(", ", outside.AsEnumerable())}. If that relay hands mail to the readers' servers itself, they see SPF fail.",
                $"{domain}. IN TXT \"{With(walk.Text!, outside)}\"");
        else if (walk.All is null)
            findings.Warn(domain, $"The SPF record says nothing of everyone else, so it protects nobody ({costs}). End it in ~all.", $"{domain}. IN TXT \"{walk.Text} ~all\"");
        else if (walk.Lookups >= SpfWalk.MostLookups - 1)
            findings.Note(domain, $"SPF is good, with {costs}: one more include may break it.");
        else
            findings.Ok(domain, $"SPF is good: {costs}, everyone else {(walk.All == '-' ? "fails" : walk.All == '~' ? "fails softly" : "is neutral")}.");
    }

    // Only addresses that the world sees: a relay on this machine or in this network sends from another.
    private async Task<IPAddress[]> OutsideAsync(SpfWalk walk, CancellationToken stop) =>
        [.. (await PublicAddressesAsync(stop)).Where(address => !walk.Networks.Any(network => network.Contains(address)))];

    private async Task<IReadOnlyList<IPAddress>> PublicAddressesAsync(CancellationToken stop)
    {
        var found = new List<IPAddress>();
        foreach (var relay in relays)
            found.AddRange((await RelayAddresses.OfAsync(dns, relay, stop)).Where(RelayAddresses.IsPublic));
        return found;
    }

    private async Task<string> SourcesAsync(CancellationToken stop)
    {
        var known = await PublicAddressesAsync(stop);
        return known.Count > 0 ? string.Join(' ', known.Select(Mechanism)) : "ip4:ADDRESS-YOUR-RELAY-SENDS-FROM";
    }

    private static string Closed(string record) => $"{record[..record.LastIndexOf("all", StringComparison.OrdinalIgnoreCase)].TrimEnd('+')}~all";

    private static string With(string record, IPAddress[] addresses) => record.Insert("v=spf1".Length, $" {string.Join(' ', addresses.Select(Mechanism))}");

    private static string Mechanism(IPAddress address) => $"{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "ip4" : "ip6")}:{address}";
}
