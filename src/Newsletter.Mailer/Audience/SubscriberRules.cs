using System.Text.Json;

namespace Newsletter.Mailer.Audience;

/// <summary>What a subscriber and a subscription must look like.</summary>
internal static class SubscriberRules
{
    public const int MaxNameLength = 200;

    /// <summary>A draft that was found right.</summary>
    public sealed record Checked(
        EmailAddress? Address, string? Name, IReadOnlyDictionary<string, JsonElement> Attributes, string[] Tags, string? TimeZone, string? Language);

    /// <summary>Checks the person; null and every problem at once if something is wrong.</summary>
    public static Checked? Check(SubscriberDraft draft, List<FieldProblem> problems)
    {
        if (!EmailAddress.TryParse(draft.Email, out var address, out var problem)) problems.Add(new FieldProblem("email", problem));
        return Check(
            new SubscriberChanges
            {
                Name = draft.Name,
                FirstName = draft.FirstName,
                Attributes = draft.Attributes,
                Tags = draft.Tags,
                TimeZone = draft.TimeZone,
                Language = draft.Language,
            },
            problems) is { } person ? person with { Address = address } : null;
    }

    /// <summary>Checks changes; null and every problem at once if something is wrong.</summary>
    public static Checked? Check(SubscriberChanges changes, List<FieldProblem> problems)
    {
        var name = AudienceRules.CheckLine("name", changes.Name, MaxNameLength, problems);
        var zone = AudienceRules.CheckTimeZone("time_zone", changes.TimeZone, problems);
        var language = AudienceRules.CheckLanguage("language", changes.Language, problems);
        var attributes = WithFirstName(changes, problems);
        problems.AddRange(AttributeRules.Check(attributes));
        var tags = TagRules.Clean("tags", changes.Tags, problems);
        return problems.Count == 0 ? new Checked(null, name, attributes, tags, zone, language) : null;
    }

    /// <summary>Adds a problem unless the status is one we know or null.</summary>
    public static SubscriptionStatus? CheckStatus(string? raw, List<FieldProblem> problems)
    {
        switch (raw)
        {
            case null: return null;
            case "pending": return SubscriptionStatus.Pending;
            case "active": return SubscriptionStatus.Active;
            case "unsubscribed": return SubscriptionStatus.Unsubscribed;
            default:
                problems.Add(new FieldProblem("status", "The status must be \"active\", \"pending\" or \"unsubscribed\"."));
                return null;
        }
    }

    /// <summary>Adds a problem unless the tier is one we know or null.</summary>
    public static SubscriptionTier? CheckTier(string? raw, List<FieldProblem> problems)
    {
        switch (raw)
        {
            case null: return null;
            case "free": return SubscriptionTier.Free;
            case "premium": return SubscriptionTier.Premium;
            default:
                problems.Add(new FieldProblem("tier", "The tier must be \"free\" or \"premium\"."));
                return null;
        }
    }

    /// <summary>What is wrong with a first name given as an attribute.</summary>
    public static string? FindNameProblem(JsonElement value)
    {
        if (AttributeRules.ReadText(value) is not { } name) return "It holds half a character (a lone surrogate).";
        return FindNameProblem(name);
    }

    /// <summary>What is wrong with a name; null if nothing.</summary>
    public static string? FindNameProblem(string name) =>
        TextRules.FindInLine(name) is { } found ? $"It {found}."
        : name.Length > MaxNameLength ? $"It is {name.Length} characters long, and {MaxNameLength} is the limit."
        : null;

    private static Dictionary<string, JsonElement> WithFirstName(SubscriberChanges changes, List<FieldProblem> problems)
    {
        var attributes = changes.Attributes is null ? [] : new Dictionary<string, JsonElement>(changes.Attributes, StringComparer.Ordinal);
        if (changes.FirstName is not { } raw) return attributes;
        var first = AudienceRules.CheckLine("first_name", raw, MaxNameLength, problems);
        if (attributes.ContainsKey("first_name"))
            problems.Add(new FieldProblem("first_name", "It is also given in \"attributes\": give it once."));
        else if (problems.Count == 0) attributes["first_name"] = JsonSerializer.SerializeToElement(first);
        return attributes;
    }
}
