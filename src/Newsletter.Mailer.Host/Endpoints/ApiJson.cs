using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>The API's JSON: snake_case, strict about what it reads, because a misspelt member that is ignored does harm quietly.</summary>
internal static class ApiJson
{
    /// <summary>For what is written outside of endpoints: commands and server-sent events.</summary>
    public static JsonSerializerOptions Options { get; } = Configured(indented: false);

    /// <summary>For people who read JSON in a terminal.</summary>
    public static JsonSerializerOptions Indented { get; } = Configured(indented: true);

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        // Text stays readable; every answer carries nosniff and its own media type.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.Converters.Add(new StorableText());
    }

    private static JsonSerializerOptions Configured(bool indented)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = indented };
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>Text that PostgreSQL can keep: it has no room for NUL, in any column of any table.</summary>
    private sealed class StorableText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String ? Text(ref reader) : throw new JsonException("It must be text");

        private static string Text(ref Utf8JsonReader reader)
        {
            string text;
            try
            {
                text = reader.GetString()!;
            }
            catch (InvalidOperationException e)
            {
                throw new JsonException("It holds bytes or escapes that are no Unicode text", e);
            }

            return text.Contains('\0', StringComparison.Ordinal) ? throw new JsonException("It holds a NUL character, which can't be kept") : text;
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Text(ref reader);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);
    }
}
