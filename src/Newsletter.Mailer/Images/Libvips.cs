using NetVips;

namespace Newsletter.Mailer.Images;

/// <summary>The library that pictures are worked on with, narrowed to what is needed of it.</summary>
internal static class Libvips
{
    private static readonly Lazy<bool> Narrowed = new(Narrow);

    /// <summary>Whether there is one for this machine.</summary>
    public static bool IsThere => Narrowed.Value;

    /// <summary>Opens it the first time; later calls cost nothing.</summary>
    /// <exception cref="InvalidOperationException">There is none for this machine.</exception>
    public static void Open()
    {
        if (!Narrowed.Value)
            throw new InvalidOperationException("Pictures can't be worked on: libvips can't be loaded on this machine.", ModuleInitializer.Exception);
    }

    private static bool Narrow()
    {
        if (!ModuleInitializer.VipsInitialized)
            return false;
        // Whatever reads a file is a way in: only four readers are left, and those libvips itself doesn't trust are off twice.
        NetVips.NetVips.BlockUntrusted = true;
        Operation.Block("VipsForeignLoad", true);
        foreach (var loader in PictureFormat.Loaders)
            Operation.Block(loader, false);
        // Nothing is kept from one picture to the next, and one picture has one thread: memory stays flat.
        Cache.Max = 0;
        Cache.MaxMem = 0;
        Cache.MaxFiles = 0;
        NetVips.NetVips.Concurrency = 1;
        // What it has against a file is the answer to whoever sent it, and no line on this program's stderr.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, static (_, _, _) => { });
        return true;
    }
}
