using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Pages;
using Newsletter.Mailer.Host.Wiring;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A picture as it is served.</summary>
public sealed record ImageAnswer
{
    public required long Id { get; init; }

    /// <summary>Where it is had; never stands for other bytes.</summary>
    public required string Url { get; init; }

    /// <summary>Pixels, after it was made fit for mail.</summary>
    public required int Width { get; init; }

    public required int Height { get; init; }

    /// <summary><c>image/jpeg</c>, <c>image/png</c> or <c>image/gif</c>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Length of the file.</summary>
    public required int Bytes { get; init; }

    /// <summary>Of the file as it is served, hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What editions of which newsletters call it.</summary>
    public required IReadOnlyList<NamedPicture> Names { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static ImageAnswer Of(Picture picture, PublicSite site) => new()
    {
        Id = picture.Id,
        Url = site.Image(picture.FileName),
        Width = picture.Width,
        Height = picture.Height,
        MediaType = picture.MediaType,
        Bytes = picture.Bytes,
        Sha256 = picture.Sha256,
        Names = picture.Names,
        CreatedAt = picture.CreatedAt,
    };
}

/// <summary><c>/api/images</c>: pictures of editions.</summary>
internal static class ImageEndpoints
{
    private const string Bytes = "application/octet-stream";
    private const string Field = "image";

    public static void MapImageEndpoints(this IEndpointRouteBuilder api)
    {
        var images = api.MapGroup("/images").WithTags("Images");
        images.MapGet("/", List).RequireScope(Scopes.ReadEditions)
            .WithSummary("List pictures, newest first")
            .WithDescription("Those that a newsletter (its slug) has a name for, or all.");
        images.MapPost("/", Upload).RequireScope(Scopes.WriteEditions)
            .Accepts<Stream>(Bytes, "image/jpeg", "image/png", "image/gif", "image/webp")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            // Its own limit (Images:MaxBytes) holds in the place of the general one.
            .WithMetadata(new DisableRequestSizeLimitAttribute(), new IdempotencyRule(WhyNoKey: "A picture takes no key: to send the same file again gives the same picture. Leave it out."))
            .WithSummary("Upload a picture")
            .WithDescription("The file is the body: JPEG, PNG, GIF or WebP, seen by its content. It is turned upright, brought to sRGB and at most 1,400 pixels across, freed of what the camera wrote into it, and kept as JPEG, PNG or (animations) GIF. With newsletter and name, that newsletter's editions show it by the relative path name: ![…](name). The newest of a name counts until an edition is frozen. The same file again is the same picture, so it takes no Idempotency-Key.");
        images.MapGet("/{id:long}", Get).RequireScope(Scopes.ReadEditions)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Show what is known of a picture");
        images.MapDelete("/{id:long}", Delete).RequireScope(Scopes.WriteEditions)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Delete a picture that nothing uses")
            .WithDescription("Refused while a frozen issue shows it, an edition that hasn't gone out names it, or a newsletter's layout or design does.");
    }

    private static async Task<Results<Ok<Page<ImageAnswer>>, ProblemHttpResult>> List(
        [AsParameters] PageQuery query, string? newsletter, ImageStore images, PublicSite site, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        var found = await images.ListAsync(newsletter, page, stop);
        return TypedResults.Ok(found.Select(picture => ImageAnswer.Of(picture, site)));
    }

    private static async Task<Results<Created<ImageAnswer>, ProblemHttpResult>> Upload(
        HttpRequest request,
        [Description("Slug of the newsletter whose editions may show it by its name.")] string? newsletter,
        [Description("Relative path that editions write, such as harbour.jpg; absent: its hash and type.")] string? name,
        ImageDesk desk, ImageStore images, NewsletterStore newsletters, ImageReader reader, ImageOptions options, PublicSite site, CancellationToken stop)
    {
        if (!IsPictureType(request))
            return Refusal(StatusCodes.Status415UnsupportedMediaType, $"A picture is sent as image/… or {Bytes}: curl --data-binary @FILE -H 'Content-Type: {Bytes}'.");
        if (name is not null && newsletter is null)
            return Problems.Invalid("newsletter", "It is missing from the query: a name is one of a newsletter, as in /api/images?newsletter=weekly&name=harbour.jpg.");
        if (name is not null && PictureName.Problem(name) is { } wrong)
            return Problems.Invalid("name", wrong);
        if (newsletter is not null && await newsletters.FindAsync(newsletter, stop) is null)
            return Problems.Invalid("newsletter", $"There is no newsletter '{newsletter}'.");
        if (await ReadAsync(request, options.MaxBytes, stop) is not { } file)
            return Refusal(StatusCodes.Status413PayloadTooLarge, reader.TooLarge().Problem);
        if (file.Length == 0)
            return Problems.Invalid(Field, "It is missing: the file is the body.");
        var keeping = await desk.KeepAsync(file, stop);
        if (keeping is not ImageKeeping.Kept(var picture))
            return Refusal((ImageKeeping.Refused)keeping);
        if (newsletter is not null && !await images.NameAsync(picture.Id, newsletter, name ?? picture.FileName, stop))
            return Problems.Conflict("The newsletter, or the picture, was deleted in the same moment. Try again.");
        return await images.GetAsync(picture.Id, stop) is { } kept
            ? TypedResults.Created($"/api/images/{picture.Id}", ImageAnswer.Of(kept.Picture, site))
            : Problems.Conflict("The picture was deleted in the same moment. Try again.");
    }

    private static async Task<Results<Ok<ImageAnswer>, ProblemHttpResult>> Get(long id, ImageStore images, PublicSite site, CancellationToken stop) =>
        await images.GetAsync(id, stop) is { } found ? TypedResults.Ok(ImageAnswer.Of(found.Picture, site)) : Problems.NotFound("picture", id);

    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(long id, ImageDesk desk, KeptPictures pictures, CancellationToken stop) => await desk.DeleteAsync(id, stop) switch
    {
        ImageDeletion.Deleted(var picture) => Gone(pictures, picture),
        ImageDeletion.InUse(var by) => Problems.Conflict($"The picture is in use: by {string.Join(", ", by)}. What was sent keeps its pictures; take it out of what wasn't.", "in_use"),
        _ => Problems.NotFound("picture", id),
    };

    private static NoContent Gone(KeptPictures pictures, Picture picture)
    {
        pictures.Forget(picture.FileName);
        return TypedResults.NoContent();
    }

    private static bool IsPictureType(HttpRequest request) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals(Bytes, StringComparison.OrdinalIgnoreCase));

    // Null where there is more than is taken; what is beyond isn't read.
    private static async Task<byte[]?> ReadAsync(HttpRequest request, int most, CancellationToken stop)
    {
        if (request.ContentLength > most)
            return null;
        using var bytes = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, stop)) > 0)
        {
            if (bytes.Length + read > most)
                return null;
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    private static ProblemHttpResult Refusal(ImageKeeping.Refused refused) => refused.Why switch
    {
        ImageRefusal.OtherFormat => Refusal(StatusCodes.Status415UnsupportedMediaType, refused.Problem),
        ImageRefusal.TooLarge => Refusal(StatusCodes.Status413PayloadTooLarge, refused.Problem),
        _ => Problems.Invalid(Field, refused.Problem),
    };

    private static ProblemHttpResult Refusal(int status, string problem)
    {
        var details = Problems.Details(status, problem);
        details.Extensions["errors"] = new FieldErrors().Add(Field, problem).ToDictionary();
        return TypedResults.Problem(details);
    }
}
