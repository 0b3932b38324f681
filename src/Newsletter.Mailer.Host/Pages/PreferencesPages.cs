using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>A reader's own settings, by a link that only their address was sent: no account, no password. Looking changes nothing; buttons act.</summary>
internal static class PreferencesPages
{
    private const string Route = "/preferences/{token}";

    public static void MapPreferencesPages(this IEndpointRouteBuilder routes)
    {
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods(Route, look, Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapMethods(Route + "/erase", look, AskToErase).ExcludeFromDescription().AllowAnonymous();
        foreach (var post in (IEndpointConventionBuilder[])
            [routes.MapPost(Route, Save), routes.MapPost(Route + "/data", Download), routes.MapPost(Route + "/erase", Erase)])
            post.ExcludeFromDescription().AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(ReaderPage.LargestBody));
        routes.MapMethods(Route + "/data", look, (string token, HttpContext http) => ReaderPage.BackTo("preferences", token, http)).ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<PageShell> Show(string token, HttpContext http, KeyRing keys, PreferencesStore store, CancellationToken stop) =>
        await FindAsync(token, keys, store, stop) is { } reader ? PreferencesView.Of(Words(http, reader), token, reader) : ReaderPage.Broken(http);

    private static async Task<PageShell> Save(string token, HttpContext http, KeyRing keys, PreferencesStore store, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not { } reader)
            return ReaderPage.Broken(http);
        if (http.Request.Query.ContainsKey("pause"))
            await store.PauseAsync(reader.Id, null, From(http), stop);
        else if (http.Request.Query.ContainsKey("resume"))
            await store.ResumeAsync(reader.Id, From(http), stop);
        else
            return await SaveFormAsync(token, http, reader, store, stop);
        return await ShowSavedAsync(token, http, reader.Id, store, stop);
    }

    private static string? From(HttpContext http) => http.Connection.RemoteIpAddress?.ToString();

    private static async Task<PageShell> SaveFormAsync(string token, HttpContext http, ReaderPreferences reader, PreferencesStore store, CancellationToken stop)
    {
        var fields = await http.Request.FieldsAsync(stop);
        var words = Words(http, reader);
        // A form that isn't ours, or was cut off, must not clear what it doesn't show.
        if (!fields.ContainsKey("language"))
            return PreferencesView.Of(words, token, reader);
        var change = new PreferencesChange
        {
            Name = fields["name"],
            TimeZone = fields["time_zone"],
            Language = Phrases.Find(fields["language"])?.Language ?? reader.Language,
            PlainText = fields.ContainsKey("plain_text"),
            Choices = Choices(fields),
            Wording = words.Text("preferences.wording"),
            DigestWording = $"{words.Text("preferences.digest")}. {words.Text("preferences.wording")}",
            WordingLanguage = words.Language,
            Ip = From(http),
        };
        return await store.SaveAsync(reader.Id, change, stop) switch
        {
            AudienceOutcome<ReaderPreferences>.Updated => await ShowSavedAsync(token, http, reader.Id, store, stop, change.Language),
            AudienceOutcome<ReaderPreferences>.Invalid(var problems) => PreferencesView.Of(
                words, token, reader with { Name = change.Name, TimeZone = change.TimeZone, Language = change.Language, PlainText = change.PlainText },
                badFields: [.. problems.Select(problem => problem.Field)], chosen: change.Choices),
            _ => ReaderPage.Broken(http),
        };
    }

    // What stands as it was shown was not chosen: a page that was left open must not take back what its reader has done elsewhere since.
    private static Dictionary<long, string> Choices(IFormCollection fields)
    {
        var choices = new Dictionary<long, string>();
        foreach (var (name, value) in fields)
            if (name.StartsWith("newsletter.", StringComparison.Ordinal) && long.TryParse(name.AsSpan(11), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && value.ToString() is "every" or "digest" or "nothing" && fields[$"shown.{id}"] != value)
                choices[id] = value.ToString();
        return choices;
    }

    // In the language that was just chosen.
    private static async Task<PageShell> ShowSavedAsync(string token, HttpContext http, long id, PreferencesStore store, CancellationToken stop, string? language = null) =>
        await store.FindAsync(id, stop) is { } reader
            ? PreferencesView.Of(language is null ? Words(http, reader) : Phrases.For(language), token, reader, saved: true)
            : ReaderPage.Broken(http);

    private static async Task<Results<FileContentHttpResult, PageShell>> Download(
        string token, HttpContext http, KeyRing keys, ReaderDataStore data, CancellationToken stop) =>
        PreferencesToken.Verify(keys, token) is { } link && await data.FindAsync(link.SubscriberId, stop) is { } json
            ? TypedResults.File(Encoding.UTF8.GetBytes(json), "application/json", "my-data.json")
            : ReaderPage.Broken(http);

    private static async Task<PageShell> AskToErase(string token, HttpContext http, KeyRing keys, PreferencesStore store, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not { } reader)
            return ReaderPage.Broken(http);
        var words = Words(http, reader);
        return words.Page(
            words.Text("erase.title"),
            Html.Of($"""
                <h1>{words.Text("erase.title")}</h1>
                <p>{words.Text("erase.text")}</p>
                <p>{words.Text("erase.kept")}</p>
                <div class="actions">
                <form method="post" action="?lang={words.Language}"><button class="button" type="submit">{words.Text("erase.button")}</button></form>
                <a class="button quiet" href="../{token}?lang={words.Language}">{words.Text("erase.back")}</a>
                </div>
                """));
    }

    private static async Task<PageShell> Erase(string token, HttpContext http, KeyRing keys, PreferencesStore store, ErasureStore erasures, CancellationToken stop)
    {
        if (await FindAsync(token, keys, store, stop) is not { } reader)
            return ReaderPage.Broken(http);
        var words = Words(http, reader);
        await erasures.EraseAsync(reader.Id, stop);
        return words.Notice(words.Text("erase.done.title"), words.Say("erase.done.text"));
    }

    private static async Task<ReaderPreferences?> FindAsync(string token, KeyRing keys, PreferencesStore store, CancellationToken stop) =>
        PreferencesToken.Verify(keys, token) is { } link ? await store.FindAsync(link.SubscriberId, stop) : null;

    private static Phrases Words(HttpContext http, ReaderPreferences reader) => http.Words(reader.Language);
}
