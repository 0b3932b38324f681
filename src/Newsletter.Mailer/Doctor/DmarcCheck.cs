using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Doctor;

/// <summary>DMARC of the senders' domains, and whether what we send is aligned with them (RFC 7489 §3.1, §6.3).</summary>
/// <param name="dns">Asked.</param>
/// <param name="keys">Ours; those that are active sign.</param>
/// <param name="senders">Domains of From.</param>
/// <param name="bounceDomain">Domain of the envelope's sender; null: that of From.</param>
public sealed class DmarcCheck(DnsRecords dns, IReadOnlyList<DkimKey> keys, IReadOnlyList<string> senders, string? bounceDomain) : ICheck
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("dmarc");
        string[] signing = [.. keys.Where(key => key.State == "active").Select(key => key.Domain)];
        foreach (var sender in senders)
            await LookAsync(sender, signing, findings, stop);
        return findings.All;
    }

    private async Task LookAsync(string sender, string[] signing, Findings findings, CancellationToken stop)
    {
        var (at, answer) = await FindAsync(sender, stop);
        var suggestion = $"_dmarc.{sender}. IN TXT \"v=DMARC1; p=none; rua=mailto:dmarc@{sender}\"";
        string[] records = [.. answer.Values.Where(IsDmarc)];
        if (answer.Failure is { } failure)
            findings.Warn(sender, $"The DMARC record can't be looked up: {failure}.");
        else if (records.Length == 0)
            findings.Fail(sender, "There is no DMARC record: Gmail and Yahoo ask one of everyone who sends in bulk.", suggestion);
        else if (records.Length > 1)
            findings.Fail(sender, $"_dmarc.{at} has {records.Length} DMARC records, and receivers then use none. Keep one.");
        else if (TagList.Parse(records[0]) is not { } tags || PolicyOf(tags, at: sender, sender) is not ("none" or "quarantine" or "reject"))
            findings.Fail(sender, $"The DMARC record can't be understood: it needs p=none, p=quarantine or p=reject. It reads: {records[0]}", suggestion);
        else
            Judge(sender, at, tags, signing, findings);
    }

    private void Judge(string sender, string at, IReadOnlyDictionary<string, string> tags, string[] signing, Findings findings)
    {
        var byKey = signing.Where(domain => DkimCheck.Covers(domain, sender)).Any(domain => IsAligned(domain, sender, at, tags.GetValueOrDefault("adkim")));
        var byEnvelope = IsAligned(bounceDomain ?? sender, sender, at, tags.GetValueOrDefault("aspf"));
        var policy = PolicyOf(tags, at, sender);
        if (!byKey && !byEnvelope)
            findings.Fail(
                sender,
                $"Nothing we send is aligned with {sender}: no signature of this domain, and envelopes come from {bounceDomain}. {(policy == "none" ? "Receivers count every message as failed." : $"The record says p={policy}: receivers do that to every message.")}",
                $"newsletter keys dkim create {sender}");
        else if (!byKey)
            findings.Warn(sender, "Only SPF is aligned, and it breaks when mail is forwarded. Sign with a key of this domain.", $"newsletter keys dkim create {sender}");
        else if (!tags.ContainsKey("rua"))
            findings.Note(sender, $"DMARC is good (p={policy}), but nobody gets its reports: add rua=mailto:… to see who else sends as this domain.", $"_dmarc.{at}. IN TXT \"{string.Join("; ", tags.Select(tag => $"{tag.Key}={tag.Value}"))}; rua=mailto:dmarc@{at}\"");
        else
            findings.Ok(sender, $"DMARC is good: p={policy}{(at == sender ? "" : $", from {at}")}, aligned by {(byEnvelope ? "signature and envelope" : "signature")}.");
    }

    // Relaxed: both lie under the domain that holds the record (RFC 7489 §3.1.1, §3.1.2). Without a list of public suffixes that is the nearest
    // thing to the organisation's domain, and never too generous.
    private static bool IsAligned(string domain, string sender, string at, string? mode) =>
        domain.Equals(sender, StringComparison.OrdinalIgnoreCase)
        || (!"s".Equals(mode, StringComparison.OrdinalIgnoreCase) && ((DkimCheck.Covers(at, domain) && DkimCheck.Covers(at, sender)) || DkimCheck.Covers(domain, sender) || DkimCheck.Covers(sender, domain)));

    // RFC 7489 §6.3: for what lies below the domain that holds the record, sp= goes before p=.
    private static string? PolicyOf(IReadOnlyDictionary<string, string> tags, string at, string sender) =>
        (at != sender && tags.TryGetValue("sp", out var below) ? below : tags.GetValueOrDefault("p"))?.ToLowerInvariant();

    // RFC 7489 §6.6.3: the domain's own record, else the organisation's: here the nearest parent's, never a top-level domain's.
    private async Task<(string At, DnsAnswer Answer)> FindAsync(string sender, CancellationToken stop)
    {
        var (at, answer) = (sender, new DnsAnswer([]));
        while (true)
        {
            answer = await dns.TxtAsync($"_dmarc.{at}", stop);
            if (answer.Failure is not null || answer.Values.Any(IsDmarc))
                return (at, answer);
            var parent = at[(at.IndexOf('.', StringComparison.Ordinal) + 1)..];
            if (!parent.Contains('.', StringComparison.Ordinal) || parent == at)
                return (sender, new DnsAnswer([]));
            at = parent;
        }
    }

    private static bool IsDmarc(string record) => record.StartsWith("v=DMARC1", StringComparison.Ordinal);
}
