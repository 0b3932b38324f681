using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>What an author may write behind <c>:::</c>.</summary>
internal enum ContainerKind
{
    /// <summary>A name that isn't known: an error, whose content is shown where another tool wrote the file.</summary>
    Unknown,
    Ad,
    Button,
    Conversation,
    Divider,
    Only,
    Poll,
    Premium,
    Quote,
    Summary,
    Video,
}

internal static class ContainerNames
{
    private static readonly Dictionary<string, ContainerKind> Kinds = Enum.GetValues<ContainerKind>()
        .Where(kind => kind != ContainerKind.Unknown)
        .ToDictionary(kind => kind.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    public static ContainerKind KindOf(string name) => Kinds.GetValueOrDefault(name);

    /// <summary>Whether it may stand on a line alone, without a closing fence.</summary>
    public static bool MayStandAlone(ContainerKind kind) =>
        kind is ContainerKind.Button or ContainerKind.Conversation or ContainerKind.Divider or ContainerKind.Video;

    /// <summary>What to tell an author who wrote a name that isn't known.</summary>
    public static string Suggest(string name) =>
        NearestName.To(name, Kinds.Keys) is { } nearest
            ? $"Did you mean :::{nearest}?"
            : $"Known are {string.Join(", ", Kinds.Keys.Order(StringComparer.Ordinal).Select(known => ":::" + known))}.";
}
