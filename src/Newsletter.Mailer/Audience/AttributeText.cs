using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>Attributes as an edition's slots show them.</summary>
public static class AttributeText
{
    /// <summary>Texts by name; what is null has none.</summary>
    public static Dictionary<string, string> Of(IEnumerable<KeyValuePair<string, JsonElement>> attributes) => attributes
        .Where(attribute => attribute.Value.ValueKind != JsonValueKind.Null)
        .ToDictionary(attribute => attribute.Key, attribute => Of(attribute.Value), StringComparer.Ordinal);

    private static string Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Of)),
        _ => value.GetRawText(),
    };
}
