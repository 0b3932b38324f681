using System.Globalization;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>How many readers there are, and how many of them would see a slot's default, or nothing.</summary>
internal static class AudienceChecks
{
    public static void Look(PreflightSubject subject, FindingList found)
    {
        if (subject.Request.Audience is not { } audience)
            return;
        if (audience.Readers == 0)
        {
            found.Add("audience-empty", "Nobody would get it: no reader is active, of its tier.", "Import readers, or correct tier and segment in the front matter.");
            return;
        }

        foreach (var slots in Slots(subject).GroupBy(slot => slot.Name, StringComparer.Ordinal))
        {
            var without = audience.Without.GetValueOrDefault(slots.Key);
            if (without == 0)
                continue;
            var message = string.Create(CultureInfo.InvariantCulture, $"{without:N0} of {audience.Readers:N0} have no {Words(slots.Key)}");
            var at = subject.Source.Find(slots.Key);
            if (slots.FirstOrDefault(slot => string.IsNullOrWhiteSpace(slot.Default)) is not null)
                found.Add("personalisation-empty", $"{message}, and its slot has no default: they see a gap.", $"Write {{{{ {slots.Key} | default: \"…\" }}}}.", at);
            else
                found.Add("personalisation-default", $"{message}; they read \"{slots.First().Default}\".", "See that the sentence is right with it.", at);
        }
    }

    /// <summary>The slots that a reader may have no value for.</summary>
    public static IEnumerable<SlotPart.Slot> Slots(PreflightSubject subject) => subject.Pages
        .SelectMany(page => new[] { page.Variant.Subject, page.Variant.Html })
        .SelectMany(template => template.Parts).OfType<SlotPart.Slot>()
        .Where(slot => SlotName.MayBeEmpty(slot.Name));

    private static string Words(string name) => name switch
    {
        SlotName.FirstName => "first name",
        SlotName.FullName => "name",
        SlotName.Language => "language",
        _ => $"attribute '{name[SlotName.AttributePrefix.Length..]}'",
    };
}
