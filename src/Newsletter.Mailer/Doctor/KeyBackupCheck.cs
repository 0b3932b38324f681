using System.Data.Common;
using System.Globalization;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Doctor;

/// <summary>Whether a copy of the key ring is kept somewhere: with it are lost all unsubscribe links ever mailed, the keys that sign, and the relays' passwords.</summary>
public sealed class KeyBackupCheck(KeyBackupStore store, KeyRing ring, string? file) : ICheck
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("keys");
        try
        {
            foreach (var (id, at) in await store.ListAsync(ring, stop))
                Judge(id, at, findings);
        }
        catch (DbException e)
        {
            findings.Warn("", $"Whether the keys were backed up can't be looked up: {e.Message}");
        }

        return findings.All;
    }

    private void Judge(string id, DateTimeOffset? at, Findings findings)
    {
        if (at is { } verified)
            findings.Ok(id, string.Create(CultureInfo.InvariantCulture, $"A copy of this key was shown on {verified.UtcDateTime:yyyy-MM-dd}."));
        else
            findings.Warn(
                id,
                "No copy of this key has been shown. If it is lost, every unsubscribe link ever mailed is dead, and DKIM keys and relays' passwords can't be read again.",
                $"{(file is null ? "# copy the section Links of the configuration to a safe place, then" : $"cp {file} /SAFE/PLACE/link-keys.json")}\nnewsletter keys verify-backup /SAFE/PLACE/link-keys.json");
    }
}
