namespace Newsletter.Mailer.Doctor;

/// <summary>Whether mail that comes back can arrive: the envelope sender's domain takes mail (RFC 5321 §5.1, RFC 7505).</summary>
public sealed class BounceDomainCheck(DnsRecords dns, IReadOnlyList<string> domains, bool hasBounceAddress) : ICheck
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("bounce-mx");
        if (!hasBounceAddress)
            findings.Note("", "Delivery:BounceAddress isn't set: mail that comes back goes to the newsletter's From address, and no bounce is read from it.", "\"Delivery\": { \"BounceAddress\": \"bounce@news.example.com\" }");
        foreach (var domain in domains)
            await LookAsync(domain, findings, stop);
        return findings.All;
    }

    private async Task LookAsync(string domain, Findings findings, CancellationToken stop)
    {
        var exchangers = await dns.MxAsync(domain, stop);
        if (exchangers.Failure is { } failure)
        {
            findings.Warn(domain, $"Its mail exchangers can't be looked up: {failure}.");
            return;
        }

        if (exchangers.Values is ["."])
        {
            findings.Fail(domain, "It says that it takes no mail (a null MX, RFC 7505): bounces are lost, and many servers refuse mail from it.", $"{domain}. IN MX 10 MAIL-SERVER.");
            return;
        }

        // Without an MX the address itself takes mail.
        var hosts = exchangers.IsFound ? exchangers.Values : [domain];
        var reachable = new List<string>();
        foreach (var host in hosts)
        {
            if ((await dns.AddressesAsync(host, stop)).IsFound)
                reachable.Add(host);
        }

        if (reachable.Count == 0)
            findings.Fail(domain, exchangers.IsFound ? $"Its mail exchangers ({string.Join(", ", hosts)}) have no address: bounces are lost." : "It has neither a mail exchanger nor an address: bounces are lost, and many servers refuse mail from it.", $"{domain}. IN MX 10 MAIL-SERVER.");
        else if (!exchangers.IsFound)
            findings.Warn(domain, "It has no MX record; mail that comes back goes to the machine of that name.", $"{domain}. IN MX 10 MAIL-SERVER.");
        else
            findings.Ok(domain, $"Mail that comes back goes to {string.Join(", ", reachable)}.");
    }
}
