using System.Collections.Concurrent;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Where links lead that were followed of late, so that they still do while the database is away. What a link leads to never changes.</summary>
internal sealed class KnownLinks
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<(long Issue, NumberedLink Link), string> _urls = new();

    public string? Find(long issue, NumberedLink link) => _urls.GetValueOrDefault((issue, link));

    public void Remember(long issue, NumberedLink link, string? url)
    {
        if (url is null || _urls.ContainsKey((issue, link)))
            return;
        if (_urls.Count >= Most)
            _urls.Clear();
        _urls[(issue, link)] = url;
    }
}
