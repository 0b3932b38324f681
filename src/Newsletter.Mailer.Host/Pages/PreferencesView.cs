using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>How a reader's settings are shown.</summary>
internal static class PreferencesView
{
    private const int LongestName = 200;

    // The zones with a place of their own; the machine's list has as many old names again.
    private static readonly string[] zones =
    [
        .. TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId && zone.Id.Contains('/', StringComparison.Ordinal) && !zone.Id.StartsWith("Etc/", StringComparison.Ordinal))
            .Select(zone => zone.Id).Order(StringComparer.Ordinal),
    ];

    /// <param name="words">In the page's language.</param>
    /// <param name="token">Whose link it is.</param>
    /// <param name="reader">As it stands; what they typed in the place of that where it couldn't be saved.</param>
    /// <param name="saved">It was just saved.</param>
    /// <param name="badFields">What couldn't be saved.</param>
    /// <param name="chosen">Newsletters that were ticked otherwise than they stand, and couldn't be saved with the rest.</param>
    public static PageShell Of(
        Phrases words, string token, ReaderPreferences reader, bool saved = false, IReadOnlyCollection<string>? badFields = null, IReadOnlyDictionary<long, string>? chosen = null) => words.Page(
        words.Text("preferences.title"),
        Html.Of($"""
            <h1>{words.Text("preferences.title")}</h1>
            <p class="muted mono"><bdi>{reader.Address}</bdi></p>
            {(saved ? Html.Of($"""<p class="note" role="status">{words.Text("preferences.saved")}</p>""") : Html.None)}
            {(badFields is { Count: > 0 } ? Html.Of($"""<p class="note warn" role="alert">{words.Text("preferences.bad")}</p>""") : Html.None)}
            <form method="post" action="?lang={words.Language}">
            <h2>{words.Text("preferences.newsletters")}</h2>
            {reader.Newsletters.Select(newsletter => Newsletter(words, newsletter, chosen?.GetValueOrDefault(newsletter.Id) ?? newsletter.Choice))}
            <h2>{words.Text("preferences.you")}</h2>
            {Name(words, reader, badFields?.Contains("name") == true)}
            <div class="row"><label for="time_zone">{words.Text("preferences.zone")}</label>
            <select class="field" id="time_zone" name="time_zone"><option value="">{words.Text("preferences.zone.unset")}</option>{Zones(reader.TimeZone)}</select></div>
            <div class="row"><label for="language">{words.Text("preferences.language")}</label>
            <select class="field" id="language" name="language">{Phrases.All.Select(other => Option(other.Language, other.NativeName, Phrases.For(reader.Language, words.Language).Language))}</select></div>
            <label class="choice"><input type="checkbox" name="plain_text"{Checked(reader.PlainText)}>{words.Text("preferences.plain")}</label>
            <p class="muted small">{words.Text("preferences.wording")}</p>
            <div class="actions"><button class="button" type="submit">{words.Text("preferences.save")}</button></div>
            </form>
            {Break(words, reader)}
            <section class="apart">
            <h2>{words.Text("preferences.data.title")}</h2>
            <p>{words.Text("preferences.data.text")}</p>
            <div class="actions">
            <form method="post" action="{token}/data"><button class="button quiet" type="submit">{words.Text("preferences.data.button")}</button></form>
            <a class="button quiet" href="{token}/erase?lang={words.Language}">{words.Text("preferences.erase.button")}</a>
            </div>
            </section>
            """),
        status: badFields is { Count: > 0 } ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);

    private static Html Newsletter(Phrases words, NewsletterChoice newsletter, string ticked) => Html.Of($"""
        <fieldset>
        <legend><bdi>{newsletter.Name}</bdi></legend>
        <input type="hidden" name="shown.{newsletter.Id}" value="{newsletter.Choice}">
        {(newsletter is { Status: "active", PausedUntil: { } until } ? Html.Of($"""<p class="note small">{words.Say("preferences.paused", ("day", words.Day(DateOnly.FromDateTime(until.UtcDateTime))))}</p>""") : Html.None)}
        {Choice(newsletter, "every", ticked, words.Text("preferences.every"))}
        {(newsletter.Digests || newsletter.Choice == "digest" ? Choice(newsletter, "digest", ticked, words.Text("preferences.digest")) : Html.None)}
        {(newsletter is { Digests: false, Choice: "digest" } ? Html.Of($"""<p class="note small">{words.Text("preferences.digest.off")}</p>""") : Html.None)}
        {Choice(newsletter, "nothing", ticked, words.Text("preferences.nothing"))}
        </fieldset>

        """);

    private static Html Choice(NewsletterChoice newsletter, string value, string ticked, string label) => Html.Of(
        $"""<label class="choice"><input type="radio" name="newsletter.{newsletter.Id}" value="{value}"{Checked(ticked == value)}>{label}</label>""");

    private static Html Name(Phrases words, ReaderPreferences reader, bool isBad) => Html.Of($"""
        <div class="row"><label for="name">{words.Text("preferences.name")}</label>
        <input class="field{(isBad ? " bad" : "")}" id="name" name="name" autocomplete="name" dir="auto" maxlength="{LongestName}" value="{reader.Name}"{(isBad ? Html.Raw(" aria-invalid=\"true\" aria-describedby=\"bad_name\"") : Html.None)}>
        {(isBad ? Html.Of($"""<p class="note warn" id="bad_name">{words.Say("preferences.bad_name", ("limit", $"{LongestName}"))}</p>""") : Html.None)}</div>
        """);

    private static Html Break(Phrases words, ReaderPreferences reader)
    {
        var active = reader.Newsletters.Where(newsletter => newsletter.Status == "active").ToList();
        if (active.Count == 0)
            return Html.None;
        var paused = active.Exists(newsletter => newsletter.PausedUntil is not null);
        return Html.Of($"""
            <section class="apart">
            <h2>{words.Text("preferences.break.title")}</h2>
            <p>{words.Text("preferences.break.text")}</p>
            <div class="actions">
            {(active.TrueForAll(newsletter => newsletter.PausedUntil is not null) ? Html.None : Button(words, "pause", words.Text("leave.pause")))}
            {(paused ? Button(words, "resume", words.Text("preferences.resume")) : Html.None)}
            </div>
            </section>
            """);
    }

    private static Html Button(Phrases words, string what, string label) =>
        Html.Of($"""<form method="post" action="?{what}&amp;lang={words.Language}"><button class="button quiet" type="submit">{label}</button></form>""");

    private static IEnumerable<Html> Zones(string? chosen)
    {
        if (chosen is not null && !zones.Contains(chosen))
            yield return Option(chosen, chosen, chosen);
        foreach (var zone in zones)
            yield return Option(zone, zone.Replace('_', ' '), chosen ?? "");
    }

    private static Html Option(string value, string label, string chosen) =>
        Html.Of($"""<option value="{value}"{(value == chosen ? Html.Raw(" selected") : Html.None)}>{label}</option>""");

    private static Html Checked(bool isChecked) => isChecked ? Html.Raw(" checked") : Html.None;
}
