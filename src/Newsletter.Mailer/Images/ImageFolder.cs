namespace Newsletter.Mailer.Images;

/// <summary>Pictures as files, each under its hash: written whole or not at all, never changed.</summary>
public sealed class ImageFolder
{
    /// <param name="path">The folder; made where it is missing.</param>
    public ImageFolder(string path) => Root = Path.GetFullPath(path);

    /// <summary>Where it is.</summary>
    public string Root { get; }

    /// <summary>Whether the file is there.</summary>
    public bool Has(Picture picture) => File.Exists(Of(picture));

    /// <summary>Writes the file beside its place and moves it there, so that nobody ever reads half of one.</summary>
    public async Task WriteAsync(MadePicture picture, CancellationToken stop)
    {
        var place = Of(picture.Facts);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        var beside = $"{place}.{Guid.NewGuid():n}.tmp";
        try
        {
            await using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous }))
            {
                await file.WriteAsync(picture.Content, stop);
                // The row that names it may be committed before the kernel would have written it.
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, place, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    /// <summary>The file's bytes; null where there is none.</summary>
    public async Task<byte[]?> ReadAsync(Picture picture, CancellationToken stop)
    {
        try
        {
            return await File.ReadAllBytesAsync(Of(picture), stop);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Takes the file away; nothing where there is none.</summary>
    public void Delete(Picture picture)
    {
        if (Has(picture))
            File.Delete(Of(picture));
    }

    // 256 folders, so that none of them has a hundred thousand files.
    private string Of(Picture picture) => Path.Combine(Root, picture.Sha256[..2], picture.FileName);
}
