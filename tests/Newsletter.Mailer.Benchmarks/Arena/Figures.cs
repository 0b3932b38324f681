using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>Numbers put together, and written for people or for scripts.</summary>
internal static class Figures
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The middle one, or the mean of the two in the middle; null of none.</summary>
    public static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static double? Rounded(double? value, int digits = 2) => value is { } known ? Math.Round(known, digits) : null;

    /// <summary>Writes a line of JSON with names in snake_case.</summary>
    public static void WriteJson(object value) => Console.WriteLine(JsonSerializer.Serialize(value, Json));

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
