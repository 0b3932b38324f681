namespace Newsletter.Mailer.Database;

/// <summary>
/// The file whose exclusive opening makes a process the owner of a data folder. The kernel lets go of it however the
/// process ends.
/// </summary>
internal static class ClusterLock
{
    private const int Tries = 5;

    public static async Task<FileStream> TakeAsync(ClusterLayout layout, CancellationToken stop)
    {
        // A neighbour that only looks whether the folder is owned holds the file for a moment.
        for (var tried = 1; tried < Tries; tried++)
        {
            try
            {
                return Open(layout);
            }
            catch (IOException)
            {
                await Task.Delay(100, stop);
            }
            catch (UnauthorizedAccessException)
            {
                break; // that doesn't pass
            }
        }

        return TakeOrExplain(layout);
    }

    private static FileStream TakeOrExplain(ClusterLayout layout)
    {
        try
        {
            return Open(layout);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The data folder {layout.Root} can't be written: {e.Message} Run this program as the account that owns it, or choose another with DataFolder.", e);
        }
        catch (IOException e) when (IsHeld(layout))
        {
            throw new DatabaseUnavailableException(DatabaseProblem.SecondInstance,
                $"Another process of this program uses the data folder {layout.Root}. Stop it, or give this one another folder with DataFolder.", e);
        }
        catch (IOException e)
        {
            throw new DatabaseUnavailableException(DatabaseProblem.FolderUnusable,
                $"The data folder {layout.Root} can't be written: {e.Message} Choose another with DataFolder.", e);
        }
    }

    /// <summary>Whether a process owns the folder now.</summary>
    public static bool IsHeld(ClusterLayout layout)
    {
        if (!File.Exists(layout.Lock))
            return false;
        try
        {
            using var probe = new FileStream(layout.Lock, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static FileStream Open(ClusterLayout layout) =>
        new(layout.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
}
