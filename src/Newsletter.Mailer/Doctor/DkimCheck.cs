using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Doctor;

/// <summary>Whether every sender's mail is signed, and every key's record published as it is here (RFC 6376 §3.6).</summary>
public sealed class DkimCheck(DnsRecords dns, IReadOnlyList<DkimKey> keys, IReadOnlyList<string> senders, TimeProvider clock) : ICheck
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("dkim");
        if (senders.Count == 0)
            findings.Note("", "There is no newsletter yet, and so no sender's domain to look at.");
        foreach (var sender in senders.Where(sender => !keys.Any(key => key.State == "active" && Covers(key.Domain, sender))))
        {
            if (keys.FirstOrDefault(key => key.State == "waiting" && Covers(key.Domain, sender)) is { } waiting)
                findings.Fail(sender, "Mail from this domain isn't signed yet: its key waits to be activated.", $"newsletter keys dkim activate {waiting.Domain} {waiting.Selector}");
            else
                findings.Fail(sender, "Mail from this domain isn't signed, unless the relay does it: large providers refuse bulk mail without a signature.", $"newsletter keys dkim create {sender}");
        }

        foreach (var key in keys.Where(key => IsNeeded(key)))
            await LookAsync(key, findings, stop);
        return findings.All;
    }

    /// <summary>A key of that domain signs for the sender: it is the sender's or a parent's.</summary>
    internal static bool Covers(string domain, string sender) =>
        sender.Equals(domain, StringComparison.OrdinalIgnoreCase) || sender.EndsWith($".{domain}", StringComparison.OrdinalIgnoreCase);

    private bool IsNeeded(DkimKey key) => key.RetiredAt is not { } retired || retired + DkimKey.Overlap > clock.GetUtcNow();

    private async Task LookAsync(DkimKey key, Findings findings, CancellationToken stop)
    {
        var answer = await dns.TxtAsync(key.RecordName, stop);
        var (about, publish) = ($"{key.Domain} {key.Selector}", key.ToZoneLine());
        if (answer.Failure is { } failure)
            findings.Warn(about, $"The key's record can't be looked up: {failure}.");
        else if (answer.IsMissing && key.State == "active")
            findings.Fail(about, "This key signs, and its record isn't published: every signature fails.", publish);
        else if (answer.IsMissing)
            findings.Note(about, key.State == "waiting" ? "The record of this key, which waits, isn't published yet." : "The record of this key, which signed until lately, is gone: mail on its way can't be verified.", publish);
        else if (Wrong(key, answer.Values) is { } wrong)
            findings.Fail(about, $"The published record {wrong}: {(key.State == "active" ? "every signature fails" : "signatures would fail")}.", publish);
        else
            findings.Ok(about, key.State == "waiting"
                ? $"The key's record is published. Let it sign: newsletter keys dkim activate {key.Domain} {key.Selector}"
                : $"The record of the {key.Algorithm} key that {(key.State == "active" ? "signs" : "signed until lately")} is published, and is ours.");
    }

    private static string? Wrong(DkimKey key, IReadOnlyList<string> records)
    {
        if (records.Count > 1)
            return $"is one of {records.Count} under the same name";
        if (TagList.Parse(records[0]) is not { } tags || !tags.TryGetValue("p", out var published))
            return "is no DKIM record";
        if (published.Length == 0)
            return "says that the key is revoked (p= is empty)";
        if (tags.GetValueOrDefault("v", "DKIM1") != "DKIM1" || tags.GetValueOrDefault("k", "rsa") != key.Algorithm)
            return $"is for another algorithm (k={tags.GetValueOrDefault("k", "rsa")}, ours is {key.Algorithm})";
        // Folding white space may stand in the value.
        return string.Concat(published.Where(c => !char.IsWhiteSpace(c))) == key.PublicKey ? null : "holds another key";
    }
}
