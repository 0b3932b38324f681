using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>A section of the configuration and the class it is read into.</summary>
/// <param name="Name">Its name; empty for keys at the top.</param>
/// <param name="Type">The options class.</param>
/// <param name="Except">A property that is set from elsewhere and so is no key of the section.</param>
internal sealed record OptionSection(string Name, Type Type, string? Except = null);

/// <summary>Options by room, and which keys there are at all: a misspelt key must not be ignored quietly.</summary>
internal static class OptionSections
{
    /// <summary>Binds a room's options to its section and validates them at the start.</summary>
    public static OptionsBuilder<TOptions> AddRoomOptions<TOptions>(this IServiceCollection services, string section, string? except = null)
        where TOptions : class
    {
        services.AddSingleton(new OptionSection(section, typeof(TOptions), except));
        return services.AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) => Bind(options, section.Length > 0 ? configuration.GetSection(section) : configuration))
            .ValidateDataAnnotations()
            .ValidateOnStart();
    }

    // The binder appends to a list that has defaults; whoever configures a list means exactly that list.
    private static void Bind(object options, IConfiguration section)
    {
        foreach (var list in options.GetType().GetProperties().Where(property => property.GetSetMethod() is not null && section.GetSection(property.Name).GetChildren().Any()))
        {
            if (list.PropertyType.IsArray)
                list.SetValue(options, Array.CreateInstance(list.PropertyType.GetElementType()!, 0));
            else if (list.GetValue(options) is IList { IsReadOnly: false } defaults)
                defaults.Clear();
        }

        section.Bind(options);
    }

    /// <summary>Every key of the sections, parted by colons; <c>*</c> stands for an index of a list or a name of the operator's choosing.</summary>
    public static IEnumerable<string> Keys(IEnumerable<OptionSection> sections) =>
        sections.SelectMany(section => Keys(section.Type, section.Name).Where(key => !key.Equals($"{section.Name}:{section.Except}", StringComparison.Ordinal))).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether <paramref name="key"/> is one of the <paramref name="known"/>.</summary>
    public static bool IsAmong(IEnumerable<string> known, string key) => known.Any(pattern => Matches(pattern, key));

    private static IEnumerable<string> Keys(Type type, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // A list that is computed from others has no setter and is no key.
            if (property.GetSetMethod() is null)
                continue;
            var key = path.Length == 0 ? property.Name : $"{path}:{property.Name}";
            foreach (var leaf in Leaves(property.PropertyType, key))
                yield return leaf;
        }
    }

    private static IEnumerable<string> Leaves(Type type, string key)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(string) || plain.IsValueType || plain == typeof(Uri))
            return [key];
        if (typeof(IEnumerable).IsAssignableFrom(plain))
            return Leaves(plain.IsArray ? plain.GetElementType()! : plain.GetGenericArguments()[^1], $"{key}:*");
        return Keys(plain, key);
    }

    private static bool Matches(string pattern, string key)
    {
        var parts = pattern.Split(':');
        var names = key.Split(':');
        return parts.Length == names.Length
            && parts.Zip(names).All(pair => pair.First == "*" || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase));
    }
}
