using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>Reading one's own copy of an issue, on the real server.</summary>
public sealed partial class CopyPagesTests : IAsyncLifetime
{
    private ServerUnderTest _server = null!;
    private HttpClient _reader = null!;
    private KeyRing _keys = null!;
    private long _issue;

    public async Task InitializeAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _reader = _server.ClientWith(null);
        _keys = _server.Services.GetRequiredService<KeyRing>();
        var newsletter = await Some.NewsletterAsync(_server.Database, draft => draft with
        {
            Design = new NewsletterDesign { PersonalWebLink = true },
            Measuring = new NewsletterMeasuring { Clicks = "individual" },
        });
        await Some.SubscribersAsync(_server.Database, newsletter, 3);
        await _server.Database.ExecuteAsync("update subscribers set name = 'Ana <b>Sousa</b>' where id = 1");
        await _server.Database.ExecuteAsync("update subscriptions set tier = 'premium' where subscriber_id = 1");
        await _server.Database.ExecuteAsync("update subscribers set plain_text = true, name = 'Cy' where id = 3");
        var edition = await Some.EditionAsync(_server.Database, newsletter, """
            Good morning, {{ subscriber.first_name | default: "friend" }}. [Go](https://example.org/go)

            :::premium
            The tide turns at six.
            :::
            """);
        await Some.DueAsync(_server.Database, edition);
        await _server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default);
        _issue = await _server.Database.ScalarAsync<long>("select id from issues");
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        await _server.DisposeAsync();
    }

    private string Link(long reader, long? issue = null) => $"/copy/{new CopyToken(issue ?? _issue, reader).Sign(_keys, _keys.ActiveKey)}";

    [Fact]
    public async Task EachReaderReadsTheirOwn()
    {
        var (ana, other) = (await _reader.GetStringAsync(Link(1)), await _reader.GetStringAsync(Link(2)));

        Assert.Contains("Good morning, Ana.", ana, StringComparison.Ordinal);
        Assert.Contains("The tide turns at six.", ana, StringComparison.Ordinal);
        Assert.DoesNotContain("The tide turns at six.", other, StringComparison.Ordinal);
        Assert.Contains(new ClickToken(_issue, 1).Sign(_keys, _keys.ActiveKey), ana, StringComparison.Ordinal);
        Assert.Contains(new ClickToken(_issue, 2).Sign(_keys, _keys.ActiveKey), other, StringComparison.Ordinal);
        // The link in it leads to itself, so that nobody is sent to another's.
        Assert.Equal(Link(1), CopyLink().Match(ana).Value);
    }

    [Fact]
    public async Task WhoChosePlainTextReadsThat()
    {
        var page = await _reader.GetStringAsync(Link(3));

        Assert.Contains("<pre dir=\"auto\">", page, StringComparison.Ordinal);
        Assert.Contains("Good morning, Cy.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("The tide turns at six.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItIsTheMailByteForByte()
    {
        var issue = (await _server.Services.GetRequiredService<IssueStore>().FindAsync(_issue, default))!;
        var delivery = await _server.Database.ScalarAsync<int>("select seq from deliveries where subscriber_id = 1");
        var mail = issue.MessageFor(
            new PendingDelivery
            {
                Seq = delivery,
                SubscriberId = 1,
                Variant = await _server.Database.ScalarAsync<short>("select variant from deliveries where subscriber_id = 1"),
                Attempts = 0,
                Resends = 0,
                DotFaults = 0,
                Address = (await _server.Database.ScalarAsync<string>("select address from subscribers where id = 1"))!,
                Name = "Ana <b>Sousa</b>",
                FirstName = "Ana",
                Tier = "premium",
                Attributes = "{}",
            },
            "newsletter@example.com", _keys, _server.Services.GetRequiredService<PublicSite>());
        using var bytes = new MemoryStream();
        mail.Message.WriteTo(bytes);
        bytes.Position = 0;

        Assert.Equal((await MimeKit.MimeMessage.LoadAsync(bytes)).HtmlBody, await _reader.GetStringAsync(Link(1)));
    }

    [Fact]
    public async Task NothingIsKeptRunsOrLeaksAndLookingChangesNothing()
    {
        using var shown = await _reader.GetAsync(Link(1));
        using var head = await _reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, Link(1)));

        foreach (var answer in (HttpResponseMessage[])[shown, head])
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.Equal(["no-referrer"], answer.Headers.GetValues("Referrer-Policy"));
            Assert.Equal(["noindex, nofollow"], answer.Headers.GetValues("X-Robots-Tag"));
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        }

        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal(0L, await _server.Database.ScalarAsync<long>("select (select count(*) from clicks) + (select count(*) from opens) + (select count(*) from votes)"));
        Assert.Equal(3L, await _server.Database.ScalarAsync<long>("select count(*) from subscriptions where status = 'active'"));
    }

    [Fact]
    public async Task WhoeverLeavesKeepsTheirCopyAndWhoeverIsErasedHasNone()
    {
        await _server.Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now() where subscriber_id = 2");
        Assert.Equal(HttpStatusCode.OK, (await _reader.GetAsync(Link(2))).StatusCode);

        await new ErasureStore(_server.Database.DataSource, _keys).EraseAsync(1, default);

        Assert.Equal(HttpStatusCode.NotFound, (await _reader.GetAsync(Link(1))).StatusCode);
    }

    [Fact]
    public async Task NobodyElseHasACopy()
    {
        string[] others =
        [
            "/copy/x", "/copy/k1.x", Link(99), Link(0), Link(1, 99), Link(1, 0), Link(1) + "x",
            $"/copy/{new ClickToken(_issue, 1).Sign(_keys, _keys.ActiveKey)}", $"/copy/{new CopyToken(_issue, 1).Sign(KeyRing.Generate(), "k1")}",
        ];
        foreach (var other in others)
        {
            using var answer = await _reader.GetAsync(other);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains("<h1>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var posted = await _reader.PostAsync(Link(1), new StringContent(""));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [GeneratedRegex("/copy/[^\"]+", RegexOptions.CultureInvariant)]
    private static partial Regex CopyLink();
}
