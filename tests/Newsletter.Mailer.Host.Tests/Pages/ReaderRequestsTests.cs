using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>What a reader's browser, or somebody who plays at one, can send to readers' pages.</summary>
public sealed partial class ReaderRequestsTests : IAsyncLifetime
{
    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;
    private string _preferences = "";
    private string _leave = "";

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _reader = _server.ClientWith(null);
        var newsletter = await Some.NewsletterAsync(_server.Database);
        var subscriber = (await Some.SubscribersAsync(_server.Database, newsletter, 1))[0];
        var keys = _server.Services.GetRequiredService<KeyRing>();
        _preferences = $"/preferences/{new PreferencesToken(subscriber).Sign(keys, keys.ActiveKey)}";
        _leave = $"/unsubscribe/{new UnsubscribeToken(newsletter.Id, subscriber, 35).Sign(keys, keys.ActiveKey)}";
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private Task<string?> StatusAsync() => _server.Database.ScalarAsync<string>("select status from subscriptions");

    private async Task<Dictionary<string, string>> FormAsync()
    {
        var page = await _reader.GetStringAsync(_preferences);
        var fields = HiddenField().Matches(page).ToDictionary(field => field.Groups["name"].Value, field => field.Groups["value"].Value);
        fields["newsletter.1"] = TickedChoice().Match(page).Groups["value"].Value;
        fields["language"] = "en";
        return fields;
    }

    [Fact]
    public async Task WhatWasChosenIsNotLostByAnErrorElsewhere()
    {
        var fields = await FormAsync();
        (fields["newsletter.1"], fields["language"], fields["time_zone"], fields["plain_text"], fields["name"]) = ("nothing", "de", "Europe/Rome", "on", new string('x', 500));

        using var answer = await _reader.PostAsync(_preferences, new FormUrlEncodedContent(fields));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal("nothing", TickedChoice().Match(page).Groups["value"].Value);
        Assert.Contains("<option value=\"de\" selected", page, StringComparison.Ordinal);
        Assert.Contains("<option value=\"Europe/Rome\" selected", page, StringComparison.Ordinal);
        Assert.Matches("name=\"plain_text\" checked", page);
        Assert.Equal("active", await StatusAsync());

        // As it is sent again, corrected.
        foreach (System.Text.RegularExpressions.Match field in HiddenField().Matches(page))
            fields[field.Groups["name"].Value] = field.Groups["value"].Value;
        fields["name"] = "Ana";
        using var corrected = await _reader.PostAsync(_preferences, new FormUrlEncodedContent(fields));
        Assert.Equal("unsubscribed", await StatusAsync());
    }

    [Theory]
    [InlineData("/confirm/%C3%A9/again")]
    [InlineData("/confirm/a%0Ab/again")]
    [InlineData("/confirm/%2F%2Fevil.example/again?lang=de")]
    [InlineData("/preferences/%C3%A9/data")]
    [InlineData("/preferences/a%0d%0aX:1/data")]
    public async Task AFormsOwnAddressLeadsToItsPageWhateverStandsInIt(string path)
    {
        using var answer = await _reader.GetAsync(path);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        var target = new Uri(_server.Url, answer.Headers.Location!);
        using var page = await _reader.GetAsync(target);

        // A page that says that the link is broken, here.
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Equal(_server.Url.Authority, target.Authority);
        Assert.Equal(path.Contains("lang=de", StringComparison.Ordinal) ? "?lang=de" : "", target.Query);
    }

    [Theory]
    [InlineData("utf-7")]
    [InlineData("no-such-thing")]
    public async Task AFormInACharacterSetThatNobodyReadsIsAnEmptyOne(string charset)
    {
        foreach (var path in (string[])["/n/tea/subscribe", _preferences, _leave + "?page"])
        {
            using var body = new ByteArrayContent("reason=other"u8.ToArray());
            body.Headers.ContentType = MediaTypeHeaderValue.Parse($"application/x-www-form-urlencoded; charset={charset}");
            using var answer = await _reader.PostAsync(path, body);
            Assert.InRange((int)answer.StatusCode, 200, 499);
        }

        // Whoever presses the button has left, whatever else their browser sent.
        Assert.Equal("unsubscribed", await StatusAsync());
    }

    [Fact]
    public async Task APageThatWasLeftOpenTakesNothingBack()
    {
        var open = await FormAsync();
        using (await _reader.PostAsync(_leave, new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")])))
            Assert.Equal("unsubscribed", await StatusAsync());

        open["name"] = "Ana";
        using (await _reader.PostAsync(_preferences, new FormUrlEncodedContent(open)))
            Assert.Equal(("unsubscribed", "Ana"), (await StatusAsync(), await _server.Database.ScalarAsync<string>("select name from subscribers")));

        var again = await FormAsync();
        Assert.Equal("nothing", again["newsletter.1"]);
        again["newsletter.1"] = "every";
        using (await _reader.PostAsync(_preferences, new FormUrlEncodedContent(again)))
            Assert.Equal("active", await StatusAsync());
    }

    [Theory]
    [InlineData("api", "unsubscribed")]
    [InlineData("complaint", "unsubscribed")]
    [InlineData("one_click", "active")]
    public async Task OnlyWhatTheyDidThemselvesIsTheirsToUndo(string by, string expected)
    {
        await _server.Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = $1", by);

        using var undone = await _reader.PostAsync(_leave + "?undo", new FormUrlEncodedContent([]));

        Assert.Equal(expected, await StatusAsync());
    }

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>shown[^\"]*)\" value=\"(?<value>[^\"]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex HiddenField();

    [GeneratedRegex("name=\"newsletter\\.1\" value=\"(?<value>[^\"]*)\" checked", RegexOptions.CultureInvariant)]
    private static partial Regex TickedChoice();
}
