using System.Net;
using System.Net.Sockets;

namespace Newsletter.Mailer.Doctor;

/// <summary>
/// Follows a domain's SPF record through its includes as a receiving server does: counts the looks into the DNS, and gathers the networks that may send.
/// </summary>
internal sealed class SpfWalk(DnsRecords dns)
{
    /// <summary>RFC 7208 §4.6.4.</summary>
    public const int MostLookups = 10;

    /// <summary>RFC 7208 §4.6.4: looks that find nothing.</summary>
    public const int MostVoid = 2;

    // Beyond that nothing more is learned: the record is broken anyway.
    private const int MostFollowed = 40;

    private readonly List<IPNetwork> _networks = [];
    private readonly HashSet<string> _path = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks that evaluating it to its end takes.</summary>
    public int Lookups { get; private set; }

    /// <summary>Looks that found nothing.</summary>
    public int VoidLookups { get; private set; }

    /// <summary>Who may send, as far as the record can be followed without a message.</summary>
    public IReadOnlyList<IPNetwork> Networks => _networks;

    /// <summary>It depends on the message who may send.</summary>
    public bool HasMacros { get; private set; }

    /// <summary>The record of the domain itself; null where it has none.</summary>
    public string? Text { get; private set; }

    /// <summary>The qualifier of <c>all</c> that is met in the end; null: none.</summary>
    public char? All { get; private set; }

    /// <summary>What makes receivers give up (permerror); null: nothing.</summary>
    public string? Problem { get; private set; }

    /// <summary>Why the record could not be followed; null: it could.</summary>
    public string? Failure { get; private set; }

    public async Task RunAsync(string domain, CancellationToken stop)
    {
        var (text, record) = await ReadAsync(domain, isRoot: true, stop);
        Text = text;
        if (record is not null)
            await FollowAsync(domain, record, gathers: true, isRoot: true, stop);
    }

    private async Task<(string? Text, SpfRecord? Record)> ReadAsync(string domain, bool isRoot, CancellationToken stop)
    {
        var answer = await dns.TxtAsync(domain, stop);
        Failure ??= answer.Failure is { } failure ? $"{domain}: {failure}" : null;
        string[] records = [.. answer.Values.Where(SpfRecord.IsOne)];
        if (records.Length == 0)
        {
            if (!isRoot && answer.Failure is null)
                Problem ??= $"it includes {domain}, which has no SPF record";
            return (null, null);
        }

        if (records.Length > 1)
            Problem ??= $"{domain} has {records.Length} SPF records, and receivers then use none";
        if (SpfRecord.TryParse(records[0], out var record) is not { } wrong)
            return (records[0], record);
        Problem ??= isRoot ? wrong : $"{wrong} (in the record of {domain})";
        return (records[0], null);
    }

    private async Task FollowAsync(string domain, SpfRecord record, bool gathers, bool isRoot, CancellationToken stop)
    {
        if (!_path.Add(domain))
        {
            Problem ??= $"{domain} includes itself";
            return;
        }

        foreach (var term in record.Terms)
        {
            if (term.Name == "all")
                break;
            await MeetAsync(domain, term, gathers && term.Qualifier == '+', stop);
        }

        if (isRoot && record.All is not null)
            All = record.All;
        // RFC 7208 §6.1: beside "all" it is ignored.
        if (record is { Redirect: { } redirect, All: null } && !TakesMessage(redirect))
            await IncludeAsync(redirect, gathers, isRoot, stop);
        _path.Remove(domain);
    }

    private async Task MeetAsync(string domain, SpfTerm term, bool gathers, CancellationToken stop)
    {
        if (term.IsModifier || Lookups > MostFollowed)
            return;
        if (term.CostsLookup && TakesMessage(term.Value))
            return;
        if (term.Name is "ip4" or "ip6")
            Gather(term.Network()!.Value, gathers);
        else if (term.Name == "include")
            await IncludeAsync(term.Value, gathers, isRoot: false, stop);
        else
            await AddressesAsync(term, term.Value.Length > 0 ? term.Value : domain, gathers, stop);
    }

    // A macro is filled from a message, and there is none.
    private bool TakesMessage(string name)
    {
        if (!name.Contains('%', StringComparison.Ordinal))
            return false;
        HasMacros = true;
        Lookups++;
        return true;
    }

    private async Task IncludeAsync(string domain, bool gathers, bool isRoot, CancellationToken stop)
    {
        Lookups++;
        var (text, record) = await ReadAsync(domain, isRoot: false, stop);
        if (text is null)
            VoidLookups++;
        if (record is not null)
            await FollowAsync(domain, record, gathers, isRoot, stop);
    }

    // "ptr" names nobody beforehand, and "exists" without a macro is everybody or nobody: they cost, and that is all that is said of them.
    private async Task AddressesAsync(SpfTerm term, string name, bool gathers, CancellationToken stop)
    {
        Lookups++;
        if (term.Name is not ("a" or "mx"))
            return;
        var names = term.Name == "a" ? new DnsAnswer([name]) : await dns.MxAsync(name, stop);
        var found = false;
        foreach (var host in names.Values.Take(MostLookups))
        {
            foreach (var address in (await dns.AddressesAsync(host, stop)).Values.Select(IPAddress.Parse))
            {
                found = true;
                var longest = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
                Gather(SpfTerm.Around(address, longest == 32 ? Math.Clamp(term.Prefix ?? 32, 0, 32) : longest), gathers);
            }
        }

        VoidLookups += found ? 0 : 1;
    }

    private void Gather(IPNetwork network, bool gathers)
    {
        if (gathers)
            _networks.Add(network);
    }
}
