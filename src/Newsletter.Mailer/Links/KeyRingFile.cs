using System.Text.Json;

namespace Newsletter.Mailer.Links;

/// <summary>
/// The ring in a file of mode 0600 beside the private cluster, made at the first start.
/// Only for the private cluster: with a database elsewhere a second machine would make up a second ring.
/// </summary>
public static class KeyRingFile
{
    /// <summary>Reads the ring, or makes one and writes it. The folder exists.</summary>
    /// <exception cref="InvalidDataException">The file is there and can't be used: says why; it is never overwritten.</exception>
    public static KeyRing LoadOrCreate(string path)
    {
        if (!File.Exists(path))
            Create(path);

        LinkKeyOptions? options;
        try
        {
            options = JsonSerializer.Deserialize<LinkKeyOptions>(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The key ring {path} is damaged ({e.Message}). Put back a copy: the links in all mail sent so far depend on it.", e);
        }

        var problem = KeyRing.TryCreate(options ?? new LinkKeyOptions(), out var ring);
        return ring ?? throw new InvalidDataException($"The key ring {path} can't be used: {problem}");
    }

    private static void Create(string path)
    {
        // Written whole under another name first: a crash must not leave half a ring, nor two starters two rings.
        var draft = $"{path}.{Guid.NewGuid():n}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
        {
            JsonSerializer.Serialize(file, KeyRing.Generate().ToOptions());
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another starter was first; its ring is the ring.
            File.Delete(draft);
        }
    }
}
