using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using MimeKit;

namespace Newsletter.Mailer.Host.Tests.Pages;

public sealed partial class InboxPagesTests
{
    [Fact]
    public async Task AnEmptyInboxSaysSo()
    {
        await using var site = await InboxSite.StartAsync();

        Assert.Contains("Nothing has arrived yet", await site.Client.GetStringAsync("/inbox"), StringComparison.Ordinal);
        Assert.Contains("Nothing has arrived yet", await site.Client.GetStringAsync("/inbox?before=5&after=x"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheListShowsWhatArrivedAndEscapesAllOfIt()
    {
        await using var site = await InboxSite.StartAsync();
        using var message = InboxSite.Some("\"<i>ana\"@example.com", "<script>alert(1)</script> & \"tea\"", id: "<b>@example.com");
        await site.DeliverAsync(message);

        var page = await site.Client.GetStringAsync("/inbox");
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;tea&quot;", page, StringComparison.Ordinal);
        Assert.Contains("&quot;&lt;i&gt;ana&quot;@example.com", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/inbox/1\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", page, StringComparison.Ordinal);

        var shown = await site.Client.GetStringAsync("/inbox/1?view=source");
        Assert.DoesNotContain("<script", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", shown, StringComparison.Ordinal);
        Assert.Contains(site.Inbox.Messages.Find(1)!.Sha256, shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PagesLeadThroughAllMessagesAndBack()
    {
        await using var site = await InboxSite.StartAsync();
        await site.DeliverAsync(120);
        var seen = new List<long>();
        var address = "/inbox";
        for (var next = address; next is not null;)
        {
            address = next;
            var page = await site.Client.GetStringAsync(address);
            seen.AddRange(Numbers(page));
            next = Step(page, "Older");
        }

        Assert.Equal(Enumerable.Range(1, 120).Reverse().Select(n => (long)n), seen);
        var newer = await site.Client.GetStringAsync(Step(await site.Client.GetStringAsync(address), "Newer"));
        Assert.Equal(Enumerable.Range(21, 50).Reverse().Select(n => (long)n), Numbers(newer));
        Assert.Equal("/inbox", Step(newer, "Newest"));
        Assert.Null(Step(await site.Client.GetStringAsync("/inbox"), "Newer"));
        Assert.Contains("There is nothing on this page", await site.Client.GetStringAsync("/inbox?before=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchingKeepsItsWordsFromPageToPage()
    {
        await using var site = await InboxSite.StartAsync();
        for (var i = 0; i < 60; i++)
        {
            using var message = InboxSite.Some($"ana+{i}@example.com");
            await site.DeliverAsync(message);
        }

        var page = await site.Client.GetStringAsync("/inbox?q=ANA%2B");
        Assert.Contains("value=\"ANA&#x2B;\"", page, StringComparison.Ordinal);
        Assert.Contains("60 to <b><bdi>ANA&#x2B;</bdi></b>", page, StringComparison.Ordinal);
        var older = Step(page, "Older");
        Assert.Equal("/inbox?q=ANA%2B&before=11", older);
        Assert.Equal(10, Numbers(await site.Client.GetStringAsync(older)).Count);
        Assert.Contains("No message to a recipient with <b><bdi>&lt;nobody&gt;</bdi>", await site.Client.GetStringAsync("/inbox?q=%3Cnobody%3E"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheHtmlOfAMailComesLockedIn()
    {
        await using var site = await InboxSite.StartAsync();
        using var message = InboxSite.Some(html: "<!doctype html><html><HEAD lang=en><title>x</title></HEAD><body onload=\"alert(1)\">Grüße</body></html>");
        await site.DeliverAsync(message);

        using var answer = await site.Client.GetAsync("/inbox/1/html");
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-scripts", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-same-origin", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("<HEAD lang=en><base target=\"_blank\"><title>", html, StringComparison.Ordinal);
        Assert.Contains("Grüße", html, StringComparison.Ordinal);
        Assert.Contains("src=\"/inbox/1/html\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\"", await site.Client.GetStringAsync("/inbox/1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EachPartIsShownAndAMissingOneIsNotOffered()
    {
        await using var site = await InboxSite.StartAsync();
        using var both = InboxSite.Some(text: "plain <words>");
        using var textOnly = InboxSite.Some(html: null, text: "only words");
        await site.DeliverAsync(both);
        await site.DeliverAsync(textOnly);

        Assert.Contains("plain &lt;words&gt;", await site.Client.GetStringAsync("/inbox/1?view=text"), StringComparison.Ordinal);
        Assert.Contains("Content-Type: multipart/alternative", await site.Client.GetStringAsync("/inbox/1?view=source"), StringComparison.Ordinal);
        Assert.Contains("<iframe", await site.Client.GetStringAsync("/inbox/1?view=nonsense"), StringComparison.Ordinal);
        var second = await site.Client.GetStringAsync("/inbox/2?view=html");
        Assert.DoesNotContain("<iframe", second, StringComparison.Ordinal);
        Assert.DoesNotContain(">HTML</a>", second, StringComparison.Ordinal);
        Assert.Contains("only words", second, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync("/inbox/2/html")).StatusCode);
    }

    [Fact]
    public async Task ARepeatedMessageIdIsPointedOut()
    {
        await using var site = await InboxSite.StartAsync();
        using var first = InboxSite.Some();
        using var other = InboxSite.Some(text: "Hello again");
        using var alone = InboxSite.Some(id: "alone@example.com");
        await site.DeliverAsync(first);
        await site.DeliverAsync(other);
        await site.DeliverAsync(alone);

        Assert.Contains("came 2 times, and the copies differ", await site.Client.GetStringAsync("/inbox/1"), StringComparison.Ordinal);
        Assert.DoesNotContain("times, ", await site.Client.GetStringAsync("/inbox/3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfAMessageNotKeptTheRestIsShown()
    {
        await using var site = await InboxSite.StartAsync(keptBodies: 1);
        await site.DeliverAsync(2);

        var old = await site.Client.GetStringAsync("/inbox/1");
        Assert.Contains("Its text is gone", old, StringComparison.Ordinal);
        Assert.Contains("reader1@example.com", old, StringComparison.Ordinal);
        Assert.Contains(site.Inbox.Messages.Find(1)!.Sha256, old, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync("/inbox/1/raw")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync("/inbox/1/html")).StatusCode);
    }

    [Fact]
    public async Task TheRawMessageIsDownloadedByteForByte()
    {
        await using var site = await InboxSite.StartAsync();
        await site.DeliverAsync(1);

        using var answer = await site.Client.GetAsync("/inbox/1/raw");
        Assert.Equal("message/rfc822", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("message-1.eml", answer.Content.Headers.ContentDisposition.FileName);
        Assert.Equal(site.Inbox.Messages.ReadBody(1)!.Bytes, await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/inbox/0")]
    [InlineData("/inbox/9")]
    [InlineData("/inbox/-1")]
    [InlineData("/inbox/9223372036854775807")]
    [InlineData("/inbox/9/raw")]
    public async Task WhatIsNotThereIs404(string address)
    {
        await using var site = await InboxSite.StartAsync();
        await site.DeliverAsync(1);

        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync(address)).StatusCode);
    }

    [Theory]
    [InlineData("/inbox")]
    [InlineData("/inbox/1")]
    [InlineData("/inbox/1/html")]
    [InlineData("/inbox/1/raw")]
    [InlineData("/inbox/messages.json")]
    public async Task WithoutAnInboxThereAreNoPages(string address)
    {
        await using var site = await InboxSite.StartWithoutInboxAsync();
        using var answer = await site.Client.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("There is no inbox here", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptsReadAllMessagesInTheOrderOfArrival()
    {
        await using var site = await InboxSite.StartAsync();
        await site.DeliverAsync(5);

        var first = JsonDocument.Parse(await site.Client.GetStringAsync("/inbox/messages.json?limit=3")).RootElement;
        Assert.Equal([1, 2, 3], Numbers(first));
        Assert.Equal(3, first.GetProperty("next").GetInt64());
        Assert.Equal((5, 5, 5), (first.GetProperty("total").GetInt64(), first.GetProperty("recipients").GetInt64(), first.GetProperty("message_ids").GetInt64()));
        var message = first.GetProperty("messages")[0];
        Assert.Equal("<35.1@example.com>", message.GetProperty("message_id").GetString());
        Assert.Equal("reader1@example.com", message.GetProperty("recipients")[0].GetString());
        Assert.Equal(site.Inbox.Messages.Find(1)!.Sha256, message.GetProperty("sha256").GetString());
        Assert.True(message.GetProperty("body_kept").GetBoolean());
        var second = JsonDocument.Parse(await site.Client.GetStringAsync("/inbox/messages.json?after=3&limit=3")).RootElement;
        Assert.Equal([4, 5], Numbers(second));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Empty(Numbers(JsonDocument.Parse(await site.Client.GetStringAsync("/inbox/messages.json?after=9223372036854775807")).RootElement));
        Assert.Equal(5, JsonDocument.Parse(await site.Client.GetStringAsync("/inbox/messages.json")).RootElement.GetProperty("messages").GetArrayLength());
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=x")]
    [InlineData("after=-1")]
    public async Task AWrongQuestionOfAScriptIsRefused(string query)
    {
        await using var site = await InboxSite.StartAsync();
        await site.DeliverAsync(1);
        using var answer = await site.Client.GetAsync($"/inbox/messages.json?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static List<long> Numbers(string page) =>
        [.. RowLink().Matches(page).Select(match => long.Parse(match.Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture))];

    private static List<long> Numbers(JsonElement answer) => [.. answer.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("number").GetInt64())];

    private static string? Step(string page, string name) =>
        Regex.Match(page, $"<a class=\"button quiet\" href=\"([^\"]*)\">{name}</a>") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    [GeneratedRegex("<td role=\"cell\" class=\"what\"><a href=\"/inbox/(?<number>[0-9]+)\">", RegexOptions.ExplicitCapture)]
    private static partial Regex RowLink();
}
