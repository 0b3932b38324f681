using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace Newsletter.Mailer.Doctor;

/// <summary>Asks the DNS, never from a cache: whoever has just published a record wants to know whether it is seen.</summary>
public sealed class DnsRecords
{
    private readonly LookupClient _client;

    /// <param name="server">The server to ask; null: those of the machine.</param>
    public DnsRecords(IPEndPoint? server)
    {
        var options = server is null ? new LookupClientOptions() : new LookupClientOptions(server);
        options.UseCache = false;
        options.Timeout = TimeSpan.FromSeconds(5);
        options.Retries = 1;
        options.ThrowDnsErrors = false;
        _client = new LookupClient(options);
    }

    /// <summary>TXT records, the strings of each put together (RFC 7208 §3.3, RFC 6376 §3.6.2.2).</summary>
    public Task<DnsAnswer> TxtAsync(string name, CancellationToken stop) =>
        AskAsync(() => _client.QueryAsync(name, QueryType.TXT, cancellationToken: stop), record => record is TxtRecord txt ? string.Concat(txt.Text) : null);

    /// <summary>Names of mail exchangers, the preferred first; <c>.</c> for a domain that takes no mail (RFC 7505).</summary>
    public Task<DnsAnswer> MxAsync(string name, CancellationToken stop) =>
        AskAsync(
            () => _client.QueryAsync(name, QueryType.MX, cancellationToken: stop),
            record => record is MxRecord mx ? Bare(mx.Exchange) : null,
            records => records.OrderBy(record => record is MxRecord mx ? mx.Preference : 0));

    /// <summary>IPv4 and IPv6 addresses.</summary>
    public async Task<DnsAnswer> AddressesAsync(string name, CancellationToken stop)
    {
        var answers = await Task.WhenAll(new[] { QueryType.A, QueryType.AAAA }.Select(type => AskAsync(
            () => _client.QueryAsync(name, type, cancellationToken: stop),
            record => record is AddressRecord address ? address.Address.ToString() : null)));
        string[] found = [.. answers.SelectMany(answer => answer.Values)];
        return new DnsAnswer(found, found.Length > 0 ? null : answers.Select(answer => answer.Failure).FirstOrDefault(failure => failure is not null));
    }

    /// <summary>Names that an address points back to.</summary>
    public Task<DnsAnswer> PointersAsync(IPAddress address, CancellationToken stop) =>
        AskAsync(() => _client.QueryReverseAsync(address, stop), record => record is PtrRecord pointer ? Bare(pointer.PtrDomainName) : null);

    private static async Task<DnsAnswer> AskAsync(
        Func<Task<IDnsQueryResponse>> ask, Func<DnsResourceRecord, string?> value, Func<IEnumerable<DnsResourceRecord>, IEnumerable<DnsResourceRecord>>? order = null)
    {
        try
        {
            var answer = await ask();
            // That the name or the type doesn't exist is an answer; anything else is none.
            if (answer.HasError && answer.Header.ResponseCode is not DnsHeaderResponseCode.NotExistentDomain)
                return new DnsAnswer([], $"the DNS server answered {answer.Header.ResponseCode}");
            return new DnsAnswer([.. (order ?? (same => same))(answer.Answers).Select(value).OfType<string>()]);
        }
        catch (DnsResponseException e)
        {
            return new DnsAnswer([], $"no DNS server answered ({e.Message.TrimEnd('.')})");
        }
        catch (ArgumentException e)
        {
            return new DnsAnswer([], $"it is no name that can be asked for ({e.Message.TrimEnd('.')})");
        }
    }

    private static string Bare(DnsString name) => name.Value.Length > 1 ? name.Value.TrimEnd('.') : name.Value;
}
