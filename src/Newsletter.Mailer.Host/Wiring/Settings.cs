using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Checks every setting before anything is opened, and says what is wrong by its key.</summary>
internal static partial class Settings
{
    /// <exception cref="ConfigurationException">One or more are wrong: a line each.</exception>
    public static void ValidateSettings(this IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (Exception e) when (Failures(e, services.GetServices<OptionSection>()).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } failures)
        {
            throw new ConfigurationException(string.Join(Environment.NewLine, failures), e);
        }
    }

    private static IEnumerable<string> Failures(Exception e, IEnumerable<OptionSection> sections) => e switch
    {
        AggregateException many => many.InnerExceptions.SelectMany(one => Failures(one, sections)),
        OptionsValidationException invalid => invalid.Failures.Select(failure => Plain(failure, sections.FirstOrDefault(section => section.Type == invalid.OptionsType)?.Name)),
        InvalidOperationException when Unconvertible().Match(e.Message) is { Success: true } match => [$"{match.Groups["key"].Value} can't be '{match.Groups["value"].Value}': it must be {Kind(match.Groups["type"].Value)}."],
        _ => [],
    };

    // The framework's own sentences name the property, ours the key.
    private static string Plain(string failure, string? section)
    {
        if (Annotated().Match(failure) is not { Success: true } match)
            return failure;
        var message = match.Groups["message"].Value;
        return message.StartsWith("The ", StringComparison.Ordinal) && match.Groups["member"].Value is { Length: > 0 } member
            ? $"{(string.IsNullOrEmpty(section) ? "" : section + ":")}{member}: {message}"
            : message;
    }

    private static string Kind(string type) => type[(type.LastIndexOf('.') + 1)..] switch
    {
        "Int32" or "Int64" => "a whole number",
        "Double" => "a number",
        "Boolean" => "true or false",
        _ => "one of the values that appsettings.example.json names",
    };

    [GeneratedRegex("^DataAnnotation validation failed for '[^']*' members: '(?<member>[^']*)' with the error: '(?<message>.*)'\\.$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Annotated();

    [GeneratedRegex("^Failed to convert configuration value '(?<value>[^']*)' at '(?<key>[^']*)' to type '(?<type>[^']*)'", RegexOptions.ExplicitCapture)]
    private static partial Regex Unconvertible();
}
