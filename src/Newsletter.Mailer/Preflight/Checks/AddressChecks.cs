using System.Globalization;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Preflight.Addresses;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>What is behind links and images. Only ever warnings: somebody else's server must not keep an issue from going out.</summary>
internal static class AddressChecks
{
    private const long LargestImage = 1_000_000;
    /// <summary>More bytes than this, all images together, are told.</summary>
    public const long HeaviestImages = 3_000_000;

    /// <param name="addresses">What is linked to and shown.</param>
    /// <param name="states">What was found there.</param>
    /// <param name="ownWeight">Bytes of pictures of ours, which are not among the addresses.</param>
    /// <param name="found">Takes the findings.</param>
    public static void Look(IReadOnlyList<CheckedAddress> addresses, IReadOnlyDictionary<string, AddressState> states, long ownWeight, FindingList found)
    {
        var weight = ownWeight;
        foreach (var address in addresses)
        {
            if (!states.TryGetValue(address.Url, out var state))
                continue;
            if (address.IsImage)
                Image(address, state, found);
            else
                Link(address, state, found);
            weight += address.IsImage ? state.Bytes ?? 0 : 0;
        }

        if (weight > HeaviestImages)
            TellHeavy(weight, found);
    }

    public static void TellHeavy(long weight, FindingList found) =>
        found.Add("images-heavy", $"All images together are {Megabytes(weight)}: on the move, they are not waited for.", "Make them smaller, or leave some out.");

    public static void TellLarge(string url, long? bytes, SourcePosition? at, FindingList found)
    {
        if (bytes > LargestImage)
            found.Add("image-too-large", $"The image {LinkChecks.Shown(url)} is {Megabytes(bytes.Value)}.", "Make it smaller: mail shows 600 pixels, 1200 on sharp screens.", at);
    }

    private static void Link(CheckedAddress address, AddressState state, FindingList found)
    {
        var at = At(address);
        switch (state.Verdict)
        {
            case AddressVerdict.Dead:
                found.Add("link-dead", $"{LinkChecks.Shown(address.Url)} is dead: {state.Detail}.", "Correct the address, or take the link out.", at);
                break;
            case AddressVerdict.Unreachable:
                found.Add("link-unreachable", $"{LinkChecks.Shown(address.Url)} could not be opened: {state.Detail}.", "Open it yourself; check again later.", at);
                break;
            case AddressVerdict.Private:
                found.Add("link-private", $"{LinkChecks.Shown(address.Url)} leads to {state.Detail}, and is not opened.", "Link to a public address.", at);
                break;
        }
    }

    private static void Image(CheckedAddress address, AddressState state, FindingList found)
    {
        var at = At(address);
        if (state.Verdict != AddressVerdict.Fine)
            found.Add("image-dead", $"The image {LinkChecks.Shown(address.Url)} can't be had: {state.Detail}.", "Correct the address, or take the image out.", at);
        else if (state.ContentType is { } type && !type.StartsWith("image/", StringComparison.OrdinalIgnoreCase))
            found.Add("image-dead", $"{LinkChecks.Shown(address.Url)} is no image but {type}.", "Link to the image itself, not to the page that shows it.", at);
        else
            TellLarge(address.Url, state.Bytes, at, found);
    }

    private static SourcePosition? At(CheckedAddress address) => address.Line is { } line ? new SourcePosition(line, address.Column ?? 1) : null;

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
