using System.Runtime.InteropServices;
using System.Text;
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

    /// <summary>Reads a copy that somebody kept: of this file, or of a configuration with the section <c>Links</c>.</summary>
    /// <param name="path">The copy.</param>
    /// <param name="ring">Its keys, where there is no problem.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? TryReadCopy(string path, out KeyRing? ring)
    {
        ring = null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("Links", out var links))
                root = links;
            return root.Deserialize<LinkKeyOptions>() is { Keys.Count: > 0 } options ? KeyRing.TryCreate(options, out ring) : "There are no keys in it.";
        }
        catch (JsonException e)
        {
            return $"It is no whole JSON ({e.Message}).";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
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
            Claim(draft, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another starter was first; its ring is the ring.
        }

        File.Delete(draft);
    }

    // File.Move looks whether there is a file and then renames over it, so that two starters at once would each have a ring of its own. A second name for
    // the draft is given by the file system to one of them.
    private static void Claim(string draft, string path)
    {
        if (OperatingSystem.IsWindows() || (Link(Name(draft), Name(path)) != 0 && !File.Exists(path)))
            File.Move(draft, path, overwrite: false);
    }

    [DllImport("libc", EntryPoint = "link"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(byte[] from, byte[] to);

    private static byte[] Name(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
