using System.Text.Json;
using System.Text.Json.Serialization;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Scheduling;

/// <summary>One thing that decides which variant a reader gets, as it is kept with an issue: nobody's answer changes while a freeze goes on.</summary>
public sealed record FrozenQuestion
{
    /// <summary><c>premium</c> or <c>segment</c>.</summary>
    [JsonPropertyName("ask")]
    public required string Ask { get; init; }

    /// <summary>The segment's slug, for people.</summary>
    [JsonPropertyName("slug"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Slug { get; init; }

    /// <summary>The segment's filter at the freeze.</summary>
    [JsonPropertyName("filter"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    public static IReadOnlyList<FrozenQuestion> Of(IEnumerable<VariantQuestion> questions) => [.. questions.Select(question => question switch
    {
        VariantQuestion.InSegment(var segment) => new FrozenQuestion { Ask = "segment", Slug = segment.Slug, Filter = segment.Filter },
        _ => new FrozenQuestion { Ask = "premium" },
    })];

    internal static string Write(IReadOnlyList<FrozenQuestion> questions) => JsonSerializer.Serialize(questions);

    internal static IReadOnlyList<FrozenQuestion> Read(string json) => JsonSerializer.Deserialize<List<FrozenQuestion>>(json) ?? [];
}
