using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Rendering.Slots;

/// <summary>The names known in one edition: those of the reader, the newsletter's attributes, and what is constant in the issue.</summary>
internal sealed class SlotScope
{
    private readonly HashSet<string> _attributes;
    private readonly bool _anyAttribute;
    private readonly Dictionary<string, string> _constants;
    private readonly List<string> _names;

    public SlotScope(IReadOnlyCollection<string>? attributes, IReadOnlyDictionary<string, string> constants)
    {
        _attributes = new HashSet<string>(attributes ?? [], StringComparer.Ordinal);
        _anyAttribute = attributes is null;
        _constants = new Dictionary<string, string>(constants, StringComparer.Ordinal);
        _names = [.. SlotName.OfReader, .. _constants.Keys, .. _attributes.Select(name => SlotName.AttributePrefix + name)];
    }

    /// <summary>The value of a name that is the same for every reader; false where it differs or is unknown.</summary>
    public bool TryGetConstant(string name, out string value)
    {
        var found = _constants.TryGetValue(name, out var constant);
        value = constant ?? "";
        return found;
    }

    public bool IsKnown(string name) =>
        _constants.ContainsKey(name)
        || (SlotName.IsAttribute(name) ? _anyAttribute || _attributes.Contains(name[SlotName.AttributePrefix.Length..]) : SlotName.OfReader.Contains(name));

    /// <summary>What to tell an author who wrote a name that isn't known.</summary>
    public string Suggest(string name)
    {
        if (NearestName.To(name, _names) is { } nearest)
            return $"Did you mean {{{{ {nearest} }}}}?";
        if (SlotName.IsAttribute(name))
            return "No subscriber of this newsletter has that attribute"
                + (_attributes.Count == 0 ? "." : $"; known attributes are {string.Join(", ", _attributes.Order(StringComparer.Ordinal))}.");
        return $"Known names are {string.Join(", ", _names.Order(StringComparer.Ordinal))}.";
    }
}
