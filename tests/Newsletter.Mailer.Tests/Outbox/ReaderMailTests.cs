using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Smtp;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Outbox;

/// <summary>Confirmations and welcomes on the wire.</summary>
public sealed class ReaderMailTests : MailroomTest
{
    private NewsletterProfile _newsletter = null!;
    private PersonalRelays _relays = null!;

    private OutboxStore Outbox => new(DataSource);

    private SignUpStore SignUps => new(DataSource, Room.SignUps);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _newsletter = await Some.NewsletterAsync(Database, draft => draft with { Name = "Tea & <Biscuits>" });
        _relays = new(new RelayPool(
            [Room.Relay], new SmtpTransport("news.example.com", TimeProvider.System, NullLogger<SmtpTransport>.Instance), TimeProvider.System, connections: 2));
    }

    public override async Task DisposeAsync()
    {
        await _relays.DisposeAsync();
        await base.DisposeAsync();
    }

    public static TheoryData<string> Languages => [.. Phrases.All.Select(words => words.Language)];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task AConfirmationHasOnlyOurWordsAndTwoLinks(string language)
    {
        await SendAsync(await PutAsync("ana+%3Cb%3Ewin@example.com", language));

        var mail = Arrived(1);
        var words = Phrases.For(language);
        Assert.Equal(words.Text("mail.confirm.subject", ("newsletter", "Tea & <Biscuits>")), mail.Subject);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.Null(mail.Headers["Precedence"]);
        var token = new ConfirmToken(await Database.ScalarAsync<long>("select id from sign_ups")).Sign(Room.Keys, Room.Keys.ActiveKey);
        Assert.All([mail.TextBody, mail.HtmlBody], body =>
        {
            Assert.Contains($"https://news.example.com/confirm/{token}", body, StringComparison.Ordinal);
            Assert.Contains($"https://news.example.com/confirm/{token}/not-me", body, StringComparison.Ordinal);
            Assert.Contains("1 Kettle Lane", body, StringComparison.Ordinal);
            Assert.DoesNotContain("win@", body, StringComparison.Ordinal);
        });
        Assert.Contains($"lang=\"{language}\" dir=\"{(language == "ar" ? "rtl" : "ltr")}\"", mail.HtmlBody, StringComparison.Ordinal);
        Assert.DoesNotContain("<Biscuits>", mail.HtmlBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMailDeferredIsTheSameTheNextTime()
    {
        var id = await PutAsync("ana@example.com");
        Relay(script => script.At(Mailer.Inbox.FaultPoint.Rcpt).First(1).Reply(450, "4.2.1 Later"));

        Assert.NotNull(await SendAsync(id));
        await Database.ExecuteAsync("update outbox set next_at = now()");
        Assert.Null(await SendAsync(id));

        Assert.Equal(1L, Room.Inbox.Messages.Count);
        Assert.Equal("pending", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task WhatNobodyIsToGetLeavesNothingBehind()
    {
        await Database.ExecuteAsync("insert into suppressions (address, reason) values ('ana@example.com', 'complaint')");

        Assert.Null(await SendAsync(await PutAsync("ana@example.com")));

        Assert.Equal((0L, 0L), (Room.Inbox.Messages.Count, await Database.ScalarAsync<long>("select count(*) from outbox")));
    }

    [Fact]
    public async Task WhoIsSubscribedIsToldSo()
    {
        await Some.SubscribersAsync(Database, _newsletter, 1);
        await Database.ExecuteAsync("update subscribers set language = 'de'");

        await SendAsync(await PutAsync("READER1@example.net"));

        var mail = Arrived(1);
        Assert.Equal("Sie bekommen Tea & <Biscuits> schon", mail.Subject);
        Assert.DoesNotContain("/confirm/", mail.TextBody, StringComparison.Ordinal);
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Theory]
    [InlineData("paused_until = '2031-05-03T09:00Z'", "Tea & <Biscuits> is paused", "May 3, 2031")]
    [InlineData("frequency = 'digest'", "You already get Tea & <Biscuits>", "one digest a month")]
    [InlineData("paused_until = '2031-05-03T09:00Z', frequency = 'digest'", "Tea & <Biscuits> is paused", "May 3, 2031")]
    [InlineData("paused_until = '2020-05-03T09:00Z'", "You already get Tea & <Biscuits>", "It already is")]
    public async Task WhoIsSubscribedAndGetsNoIssuesIsToldWhyAndWhere(string choice, string subject, string text)
    {
        var reader = (await Some.SubscribersAsync(Database, _newsletter, 1)).Single();
        await Database.ExecuteAsync($"update subscriptions set {choice}");

        await SendAsync(await PutAsync("reader1@example.net"));

        var mail = Arrived(1);
        Assert.Equal(subject, mail.Subject);
        var body = mail.TextBody!.ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal);
        Assert.Contains(text, body, StringComparison.Ordinal);
        Assert.Contains($"https://news.example.com/preferences/{new PreferencesToken(reader).Sign(Room.Keys, Room.Keys.ActiveKey)}", body, StringComparison.Ordinal);
        Assert.Contains("https://news.example.com/unsubscribe/", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWelcomeFollowsAndIsDroppedForWhoLeftAgain()
    {
        await SendAsync(await PutAsync("ana@example.com", "fr"));
        var confirmed = await Room.Confirmations.ConfirmAsync(await Database.ScalarAsync<long>("select id from sign_ups"), IPAddress.Loopback, default);
        await SendAsync(confirmed.WelcomeOutboxId!.Value);

        var mail = Arrived(2);
        Assert.Equal("Bienvenue dans Tea & <Biscuits>", mail.Subject);
        var url = mail.TextBody!.Split('\n').Single(line => line.Contains("/unsubscribe/", StringComparison.Ordinal)).Trim();
        Assert.Equal(await Database.ScalarAsync<long>("select id from subscribers"), UnsubscribeToken.Verify(Room.Keys, url[(url.LastIndexOf('/') + 1)..])!.SubscriberId);

        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now()");
        await Database.ExecuteAsync("update outbox set state = 'ready', next_at = now() where id = $1", confirmed.WelcomeOutboxId);
        await SendAsync(confirmed.WelcomeOutboxId.Value);
        Assert.Equal(2L, Room.Inbox.Messages.Count);
    }

    private async Task<long> PutAsync(string address, string language = "en")
    {
        Assert.True(EmailAddress.TryParse(address, out var parsed));
        var signUp = new SignUp { NewsletterId = _newsletter.Id, Address = parsed, Language = language, Form = "page", Wording = "Tea.", From = IPAddress.Loopback };
        return (await SignUps.PutAsync(signUp, "home", default)).OutboxId!.Value;
    }

    private Task<TimeSpan?> SendAsync(long id)
    {
        var tests = new TestSend(Outbox, new EditionStore(DataSource), Room.Newsletters, Room.Schedule, Room.Keys, Room.Site);
        return new OutboxSender(Outbox, tests, Room.ReaderMail, _relays, TimeProvider.System, NullLogger<OutboxSender>.Instance).SendAsync(id, default);
    }

    private MimeMessage Arrived(long number) => MimeMessage.Load(new MemoryStream(Room.Inbox.Messages.ReadBody(number)!.Bytes));
}
