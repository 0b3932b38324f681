using System.Globalization;

namespace Newsletter.Mailer.Database;

/// <summary>
/// A data folder for one run: a demo or a test process. It is deleted at the end; what runs that were killed left
/// beside it, servers included, is cleared when the next one is made.
/// </summary>
public sealed class ScratchFolder : IAsyncDisposable
{
    private const string Prefix = "scratch-";

    // A folder is made before it is locked: a neighbour must not clear it in between.
    private static readonly TimeSpan Unlocked = TimeSpan.FromMinutes(1);

    private readonly FileStream held;

    private ScratchFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    /// <summary>The folder, empty at first but for a lock file.</summary>
    public string Path { get; }

    /// <summary>Makes a folder below the parent, which is created where it is missing.</summary>
    /// <exception cref="DatabaseUnavailableException">The parent can't be created or written.</exception>
    public static async Task<ScratchFolder> CreateAsync(string parent, TimeProvider clock, CancellationToken stop)
    {
        DataFolder.Create(parent);
        foreach (var neighbour in Directory.GetDirectories(parent, Prefix + "*"))
            await ClearAsync(neighbour, clock, stop);

        var path = System.IO.Path.Combine(parent, Prefix + Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..12]);
        DataFolder.Create(path);
        return new ScratchFolder(path, new FileStream(LockOf(path), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Deletes the folder. Whatever runs in it is stopped before.</summary>
    public async ValueTask DisposeAsync()
    {
        await PrivateCluster.AbandonAsync(Path, CancellationToken.None);
        Directory.Delete(Path, recursive: true);
        await held.DisposeAsync();
    }

    private static async Task ClearAsync(string folder, TimeProvider clock, CancellationToken stop)
    {
        try
        {
            var file = LockOf(folder);
            if (!File.Exists(file) && clock.GetUtcNow().UtcDateTime - Directory.GetCreationTimeUtc(folder) < Unlocked)
                return;
            await using var left = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            await PrivateCluster.AbandonAsync(folder, stop);
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, being cleared by a neighbour, or another account's: none of it is in our way.
        }
    }

    private static string LockOf(string folder) => System.IO.Path.Combine(folder, "scratch.lock");
}
