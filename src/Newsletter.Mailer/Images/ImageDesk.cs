using System.Security.Cryptography;

namespace Newsletter.Mailer.Images;

/// <summary>Takes authors' pictures in: reads them, has them kept, and gives them back.</summary>
/// <param name="store">Their rows.</param>
/// <param name="reader">Makes them fit for mail.</param>
/// <param name="folder">Where files are, whether or not new ones go there.</param>
/// <param name="options">Where new ones go.</param>
public sealed class ImageDesk(ImageStore store, ImageReader reader, ImageFolder folder, ImageOptions options)
{
    /// <summary>Keeps a picture. The same file again is the same picture, and costs nothing.</summary>
    public async Task<ImageKeeping> KeepAsync(byte[] file, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(file);
        var source = SHA256.HashData(file);
        if (await store.FindBySourceAsync(source, stop) is { } known && (!known.InFolder || folder.Has(known.Picture)))
            return new ImageKeeping.Kept(known.Picture);
        return await reader.ReadAsync(file, stop) switch
        {
            ImageReading.Read(var made) => new ImageKeeping.Kept(made.Facts with { Id = await KeepAsync(made, source, stop) }),
            ImageReading.Refused(var why, var problem) => new ImageKeeping.Refused(why, problem),
            _ => throw new InvalidOperationException("Reading a picture gave an outcome that isn't known."),
        };
    }

    /// <summary>A picture's bytes; null where there is none of this hash and type, or its file is lost.</summary>
    public async Task<byte[]?> ReadAsync(string sha256, string mediaType, CancellationToken stop)
    {
        if (await store.FindAsync(sha256, stop) is not var (stored, content) || stored.Picture.MediaType != mediaType)
            return null;
        return content ?? await folder.ReadAsync(stored.Picture, stop);
    }

    /// <summary>Deletes a picture that nothing shows or will show.</summary>
    public Task<ImageDeletion> DeleteAsync(long id, CancellationToken stop) => store.DeleteAsync(id, folder, stop);

    private Task<long> KeepAsync(MadePicture made, byte[] source, CancellationToken stop) =>
        store.KeepAsync(made, source, options.Store == ImageStorage.Folder ? folder : null, stop);
}

/// <summary>What became of a file that was to be kept.</summary>
public abstract record ImageKeeping
{
    private ImageKeeping()
    {
    }

    public sealed record Kept(Picture Picture) : ImageKeeping;

    public sealed record Refused(ImageRefusal Why, string Problem) : ImageKeeping;
}
