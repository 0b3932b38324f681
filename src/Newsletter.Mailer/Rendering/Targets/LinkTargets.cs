using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Targets;

/// <summary>
/// Where the links of an edition's own text lead once they are in a mail: with the newsletter's UTM parameters, and by way of us where clicks are
/// counted. Shared by all variants and both parts of a message, so that the same address is the same link everywhere.
/// </summary>
internal sealed partial class LinkTargets
{
    private readonly SlotTable _table;
    private readonly SlotReader _reader;
    private readonly UtmParameters? _utm;
    private readonly string? _way;
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _measured = [];

    public LinkTargets(RenderRequest request, SlotTable table, SlotReader reader)
    {
        (_table, _reader) = (table, reader);
        var measuring = request.Newsletter.Measuring;
        _utm = measuring?.Utm is { } rule ? UtmParameters.Of(rule, request) : null;
        if (measuring is not { CountsClicks: true } || !request.IsMeasured)
            return;
        var site = new PublicSite(request.PublicUrl);
        var token = table.Add(new SlotSource($"{{{{ {SlotName.ClickToken} }}}}", new SourcePosition(1, 1)));
        _way = $"{site.Clicks}{token}.";
        OpenPicture = measuring.Opens == true ? $"{site.Opens}{token}.gif" : null;
    }

    /// <summary>The addresses that are reached by way of us, number one first.</summary>
    public IReadOnlyList<string> Measured => _measured;

    /// <summary>Address of the picture that tells of an opened mail; null: there is none.</summary>
    public string? OpenPicture { get; }

    /// <summary>Where a link leads.</summary>
    /// <param name="url">Where its author has it lead, tokens of slots in it.</param>
    /// <param name="words">What is shown of it; null where that is no address for sure.</param>
    public string For(string url, string? words = null)
    {
        // One that holds a reader's value leads each reader elsewhere: there is nothing that could be stored for all.
        if (Settled(url) is not { } settled || !Web().IsMatch(settled))
            return url;
        var target = _utm?.AddTo(settled) ?? settled;
        // Mail programs warn of words that name one address and lead to another, and rightly so.
        if (_way is null || words is not null && Address().IsMatch(words) || WebAddress.ToAscii(target) is not { } stored)
            return target;
        return string.Create(CultureInfo.InvariantCulture, $"{_way}{NumberedLink.To(NumberOf(stored), stored)}");
    }

    private int NumberOf(string target)
    {
        if (!_numbers.TryGetValue(target, out var number))
        {
            _measured.Add(target);
            _numbers[target] = number = _measured.Count;
        }

        return number;
    }

    private string? Settled(string url)
    {
        if (!SlotTable.HasTokens(url))
            return url;
        var template = _reader.Read(url[0] == SlotTable.Open ? SlotTable.Place(url[..1], SlotEscape.None) + SlotTable.Place(url[1..], SlotEscape.UrlPart) : SlotTable.Place(url, SlotEscape.UrlPart));
        return template.IsConstant ? template.FillDefaults() : null;
    }

    [GeneratedRegex("^https?://", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Web();

    // What a person would take for an address: with a scheme, or a host of at least two parts by itself or with a path.
    [GeneratedRegex(@"^\s*(https?://|www\.|[\w-]+(\.[\w-]+)*\.\p{L}{2,}(?=[/?#:]|\s*$))", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Address();
}
