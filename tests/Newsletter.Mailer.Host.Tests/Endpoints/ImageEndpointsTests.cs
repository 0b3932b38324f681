using System.Net;
using System.Net.Http.Headers;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

/// <summary>Pictures by the API, and as everyone gets them.</summary>
public sealed class ImageEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task AnUploadIsServedForEver()
    {
        var made = await Upload(Picture(), "application/octet-stream");

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal($"/api/images/{made["id"]}", made.Message.Headers.Location!.OriginalString);
        Assert.Equal(("image/png", 320, 200), ((string?)made["media_type"], (int)made["width"], (int)made["height"]));
        Assert.Equal($"http://localhost:8080/images/{made["sha256"]}.png", (string?)made["url"]);
        Assert.Equal(made.Json!.ToJsonString(), (await Get($"/api/images/{made["id"]}")).Json!.ToJsonString());

        using var anyone = Server.ClientWith(null);
        using var served = await anyone.GetAsync(PathOf(made));
        var content = await served.Content.ReadAsByteArrayAsync();
        Assert.Equal((HttpStatusCode.OK, "image/png", (int)made["bytes"]), (served.StatusCode, served.Content.Headers.ContentType!.ToString(), content.Length));
        Assert.Equal((string?)made["sha256"], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)));
        Assert.Equal("public, max-age=31536000, immutable", Header(served, "Cache-Control"));
        Assert.Equal("nosniff", Header(served, "X-Content-Type-Options"));
        Assert.StartsWith("default-src 'none'", Header(served, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.False(served.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task WhoHasItIsToldSo()
    {
        var made = await Upload(Picture());
        using var anyone = Server.ClientWith(null);
        using var first = await anyone.GetAsync(PathOf(made));
        using var again = new HttpRequestMessage(HttpMethod.Get, PathOf(made)) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var known = await anyone.SendAsync(again);
        using var head = await anyone.SendAsync(new HttpRequestMessage(HttpMethod.Head, PathOf(made)));
        using var part = new HttpRequestMessage(HttpMethod.Get, PathOf(made)) { Headers = { Range = new RangeHeaderValue(0, 7) } };
        using var partial = await anyone.SendAsync(part);

        Assert.Equal($"\"{made["sha256"]}\"", first.Headers.ETag!.ToString());
        Assert.Equal((HttpStatusCode.NotModified, 0), (known.StatusCode, (await known.Content.ReadAsByteArrayAsync()).Length));
        Assert.Equal((HttpStatusCode.OK, (long)made["bytes"], 0), (head.StatusCode, head.Content.Headers.ContentLength!.Value, (await head.Content.ReadAsByteArrayAsync()).Length));
        Assert.Equal((HttpStatusCode.PartialContent, 8), (partial.StatusCode, (await partial.Content.ReadAsByteArrayAsync()).Length));
    }

    [Theory]
    [InlineData("/images/0000000000000000000000000000000000000000000000000000000000000000.png")]
    [InlineData("/images/x.png")]
    [InlineData("/images/..%2f..%2fetc%2fpasswd")]
    [InlineData("/images/%00")]
    [InlineData("/images/")]
    public async Task WhatIsNotThereIsNotFound(string path)
    {
        using var anyone = Server.ClientWith(null);
        using var answer = await anyone.GetAsync(path);

        Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{path}: {answer.StatusCode}");
    }

    [Fact]
    public async Task AnotherEndingIsAnotherPicture()
    {
        var made = await Upload(Picture());
        using var anyone = Server.ClientWith(null);
        using var answer = await anyone.GetAsync(PathOf(made).Replace(".png", ".jpg", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.NotEqual("public, max-age=31536000, immutable", Header(answer, "Cache-Control"));
    }

    [Fact]
    public async Task TheSameFileIsTheSamePictureAndItsNameIsTheNewest()
    {
        var (_, slug) = await MakeNewsletter();
        var (first, second) = (Picture(), Picture());
        var made = await Upload(first, query: $"?newsletter={slug}&name=boat.png");
        var again = await Upload(first, query: $"?newsletter={slug}&name=boat.png");
        Assert.Equal((long)made["id"], (long)again["id"]);
        Assert.Equal($$"""[{"newsletter":"{{slug}}","name":"boat.png"}]""", again["names"].ToJsonString());

        var other = await Upload(second, query: $"?newsletter={slug}&name=boat.png");

        Assert.NotEqual((long)made["id"], (long)other["id"]);
        Assert.Equal([(long)other["id"]], (await Get($"/api/images?newsletter={slug}"))["items"].AsArray().Select(item => (long)item!["id"]!));
        Assert.Empty((await Get($"/api/images/{made["id"]}"))["names"].AsArray());
        var unnamed = await Upload(Picture(), query: $"?newsletter={slug}");
        Assert.Equal($"{unnamed["sha256"]}.png", (string?)unnamed["names"][0]!["name"]);
        var page = await Get($"/api/images?newsletter={slug}&limit=1");
        Assert.Equal((long)unnamed["id"], (long)page["items"][0]!["id"]!);
        Assert.Equal((long)other["id"], (long)(await Get($"/api/images?newsletter={slug}&limit=1&after={page["next"]}"))["items"][0]!["id"]!);
    }

    [Fact]
    public async Task WhatCantBeTakenIsToldByField()
    {
        var (_, slug) = await MakeNewsletter();
        foreach (var (body, type, query, status, field, says) in new (byte[], string?, string, HttpStatusCode, string, string)[]
        {
            ("<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray(), "image/png", "", HttpStatusCode.UnsupportedMediaType, "image", "an SVG"),
            ("%PDF-1.7"u8.ToArray(), "image/png", "", HttpStatusCode.UnsupportedMediaType, "image", "a PDF"),
            ("<html></html>"u8.ToArray(), "application/octet-stream", "", HttpStatusCode.UnsupportedMediaType, "image", "a web page"),
            (TestPictures.Bomb(), "image/png", "", HttpStatusCode.RequestEntityTooLarge, "image", "60,000 × 60,000"),
            (new byte[(10 * 1024 * 1024) + 1], "image/png", "", HttpStatusCode.RequestEntityTooLarge, "image", "at most 10,485,760"),
            (TestPictures.Jpeg()[..2_000], "image/jpeg", "", HttpStatusCode.BadRequest, "image", "cut off"),
            ([], "image/jpeg", "", HttpStatusCode.BadRequest, "image", "missing"),
            (Picture(), "image/png", "?newsletter=nope", HttpStatusCode.BadRequest, "newsletter", "'nope'"),
            (Picture(), "image/png", "?name=a.png", HttpStatusCode.BadRequest, "newsletter", "missing"),
            (Picture(), "image/png", $"?newsletter={slug}&name=..%2fa.png", HttpStatusCode.BadRequest, "name", "downwards"),
            (Picture(), "image/png", $"?newsletter={slug}&name=", HttpStatusCode.BadRequest, "name", "1 to 200"),
        })
        {
            var answer = await Upload(body, type, query);
            Assert.True(status == answer.Status, $"{type} {query}: {answer.Text}");
            Assert.Contains(says, answer.Error(field), StringComparison.Ordinal);
        }

        // What isn't sent as a picture is refused before it is looked at.
        foreach (var type in (string?[])["application/json", null])
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await Upload(Picture(), type, "")).Status);
    }

    [Fact]
    public async Task ALargeFileIsTakenWhereOtherBodiesWouldBeTooLarge()
    {
        using var photo = TestPictures.Photo(2_400, 1_200);
        var file = photo.PngsaveBuffer();
        Assert.True(file.Length > 5_000_000, $"{file.Length}");

        var made = await Upload(file);

        Assert.Equal((HttpStatusCode.Created, "image/jpeg", 1_400, 700), (made.Status, (string?)made["media_type"], (int)made["width"], (int)made["height"]));
    }

    [Theory]
    [InlineData("jpeg")]
    [InlineData("png")]
    [InlineData("gif")]
    [InlineData("webp")]
    public async Task NoBytesAreTheServersFault(string kind)
    {
        var file = kind switch { "jpeg" => TestPictures.Jpeg(64, 64), "png" => TestPictures.TransparentPng(), "gif" => TestPictures.Gif(), _ => TestPictures.Webp(64, 64) };
        var chance = new Random(7);
        for (var i = 0; i < 40; i++)
        {
            var broken = i % 2 == 0 ? file[..chance.Next(file.Length)] : (byte[])file.Clone();
            for (var j = 0; j < i % 5 && broken.Length > 0; j++)
                broken[chance.Next(Math.Min(broken.Length, 80))] = (byte)chance.Next(256);
            var answer = await Upload(broken, "image/" + kind);
            Assert.True((int)answer.Status < 500, $"{i}: {answer.Text}");
            Assert.True(answer.Status == HttpStatusCode.Created || answer.Error("image").Length > 0, answer.Text);
        }
    }

    [Fact]
    public async Task WhatAnEditionUsesStays()
    {
        var (_, slug) = await MakeNewsletter();
        var made = await Upload(Picture(), query: $"?newsletter={slug}&name=boat.png");
        var edition = await Post("/api/editions", new { newsletter = slug, source = "---\ntitle: Boats\n---\n\n![A boat](boat.png)\n" });

        var refused = await Delete($"/api/images/{made["id"]}");
        Assert.Equal((HttpStatusCode.Conflict, "in_use"), (refused.Status, (string?)refused["state"]));
        Assert.Contains($"edition {edition["id"]}", refused.Detail, StringComparison.Ordinal);

        await Delete($"/api/editions/{edition["id"]}");
        using var anyone = Server.ClientWith(null);
        Assert.Equal(HttpStatusCode.OK, (await anyone.GetAsync(PathOf(made))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await Delete($"/api/images/{made["id"]}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete($"/api/images/{made["id"]}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get($"/api/images/{made["id"]}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await anyone.GetAsync(PathOf(made))).StatusCode);
    }

    [Fact]
    public async Task AnEditionWaitsForThePicturesThatItNames()
    {
        var (_, slug) = await MakeNewsletter();
        var edition = await Post("/api/editions", new { newsletter = slug, source = "---\ntitle: Boats\n---\n\nLook: ![A boat](boats/a.png)\n" });
        var path = $"/api/editions/{edition["id"]}";

        foreach (var refused in (Answer[])[await Get(path + "/preview"), await Post(path + "/publish", null), await Put(path + "/schedule", new { at = "2031-05-06T08:00" })])
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.Status);
            Assert.Contains("Line 5, column 7: There is no picture \"boats/a.png\". Upload it with POST /api/images?newsletter=" + slug + "&name=boats%2Fa.png", refused.Detail, StringComparison.Ordinal);
        }

        var preflight = await Get(path + "/preflight?links=known");
        Assert.Contains(preflight["findings"].AsArray(), finding => (string?)finding!["code"] == "rendering" && (int)finding["line"]! == 5);

        var made = await Upload(Picture(), query: $"?newsletter={slug}&name=boats%2Fa.png");

        Assert.Contains((string)made["url"]!, (await Get(path + "/preview")).Text, StringComparison.Ordinal);
        Assert.Equal(0, (int)(await Get(path + "/preflight?links=known"))["errors"]);
        Assert.Equal(HttpStatusCode.OK, (await Put(path + "/schedule", new { at = "2031-05-06T08:00" })).Status);
    }

    [Fact]
    public async Task ReadersOfEditionsLookAndOnlyWritersUpload()
    {
        using var reader = await Server.ClientWithScopesAsync(Scopes.ReadEditions);
        var made = await Upload(Picture());

        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/api/images", client: reader)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendRaw(HttpMethod.Post, "/api/images", Content(Picture(), "image/png"), reader)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send(HttpMethod.Delete, $"/api/images/{made["id"]}", client: reader)).Status);
        Assert.Contains("takes no key", (await SendRaw(HttpMethod.Post, "/api/images", Content(Picture(), "image/png"), headers: ("Idempotency-Key", "k"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDocumentTellsOfThem()
    {
        var paths = (await Get("/openapi/v1.json"))["paths"];

        Assert.Contains("image/webp", paths["/api/images"]!["post"]!["requestBody"]!["content"]!.AsObject().Select(pair => pair.Key));
        Assert.NotNull(paths["/api/images/{id}"]!["delete"]);
        Assert.Null(paths["/images/{file}"]);
    }

    // Each of its own, so that tests beside don't meet in one.
    private static byte[] Picture()
    {
        using var flat = TestPictures.Flat();
        using var marked = flat.Mutate(picture =>
        {
            var bytes = Guid.NewGuid().ToByteArray();
            for (var i = 0; i < 15; i += 3)
                picture.DrawRect([bytes[i], bytes[i + 1], bytes[i + 2]], 20 + i, 0, 3, 3, fill: true);
        });
        return marked.PngsaveBuffer();
    }

    private static ByteArrayContent Content(byte[] file, string? type)
    {
        var content = new ByteArrayContent(file);
        if (type is not null)
            content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    private Task<Answer> Upload(byte[] file, string? type = "image/png", string query = "") => SendRaw(HttpMethod.Post, "/api/images" + query, Content(file, type));

    private static string PathOf(Answer made) => new Uri((string)made["url"]!).AbsolutePath;

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";
}
