using System.Net;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class IdempotencyTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task TheSameRequestIsAnsweredAsTheFirstTime()
    {
        var key = Unique("retry");
        var body = NewsletterNamed(Unique("tea"));

        var first = await Create(key, body);
        var second = await Create(key, body);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(first.Message.Headers.Location, second.Message.Headers.Location);
        Assert.Equal("true", second.Message.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal("application/json", second.Message.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task AnotherRequestUnderTheSameKeyIsRefused()
    {
        var key = Unique("reused");
        await Create(key, NewsletterNamed(Unique("tea")));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Create(key, NewsletterNamed(Unique("milk")))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendRaw(HttpMethod.Post, "/api/suppressions", Json("{}"), headers: ("Idempotency-Key", key))).Status);
    }

    [Fact]
    public async Task WhatWasRefusedMayBeTriedAgainUnderTheSameKey()
    {
        var key = Unique("mended");

        Assert.Equal(HttpStatusCode.BadRequest, (await Create(key, "{}")).Status);
        Assert.Equal(HttpStatusCode.Created, (await Create(key, NewsletterNamed(Unique("tea")))).Status);
    }

    [Fact]
    public async Task ManyAtOnceMakeOne()
    {
        var key = Unique("hasty");
        var slug = Unique("tea");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Create(key, NewsletterNamed(slug))));

        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.Conflict, answer.Text));
        Assert.Equal(1, await Server.Database.ScalarAsync<long>("select count(*) from newsletters where slug = $1", slug));
        Assert.Equal(HttpStatusCode.Created, (await Create(key, NewsletterNamed(slug))).Status);
    }

    [Fact]
    public async Task AKeyOfNoOrTooManyLettersIsRefused()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await Create(new string('x', 256), NewsletterNamed(Unique("tea")))).Status);
        Assert.Equal(HttpStatusCode.Created, (await Create(new string('x', 255), NewsletterNamed(Unique("tea")))).Status);
    }

    [Fact]
    public async Task AnImportTakesNoKeyBecauseARepeatedOneChangesNothing()
    {
        var (_, newsletter) = await MakeNewsletter();

        var refused = await Import(("Idempotency-Key", Unique("import")));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("Leave it out", refused.Error("Idempotency-Key"), StringComparison.Ordinal);
        Assert.Equal(0L, await Server.Database.ScalarAsync<long>("select count(*) from imports i join newsletters n on n.id = i.newsletter_id where n.slug = $1", newsletter));
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), ((await Import()).Status, (await Import()).Status));

        Task<Answer> Import(params (string, string)[] headers) =>
            SendRaw(HttpMethod.Post, $"/api/imports?newsletter={newsletter}", Typed("email\na@example.com\n", "text/csv"), headers: headers);
    }

    private Task<Answer> Create(string key, string body) => SendRaw(HttpMethod.Post, "/api/newsletters", Json(body), headers: ("Idempotency-Key", key));

    private static string NewsletterNamed(string slug) => $$"""{"slug":"{{slug}}","name":"Tea","from_address":"tea@example.com"}""";
}
