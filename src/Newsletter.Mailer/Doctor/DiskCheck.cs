using System.Data.Common;
using System.Globalization;

namespace Newsletter.Mailer.Doctor;

/// <summary>Room on the disks that this machine can see: the data folder's, and the database's where it is here.</summary>
public sealed class DiskCheck(InstallationStore store, string dataFolder) : ICheck
{
    private const long Little = 5L << 30;
    private const long TooLittle = 1L << 30;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var findings = new Findings("disk");
        foreach (var folder in new[] { dataFolder, await DatabaseFolderAsync(stop) }.OfType<string>().Where(Directory.Exists).Distinct())
            Look(folder, findings);
        return findings.All;
    }

    private async Task<string?> DatabaseFolderAsync(CancellationToken stop)
    {
        try
        {
            return await store.FolderAsync(stop);
        }
        catch (DbException)
        {
            // That it can't be asked is said by the check of the database.
            return null;
        }
    }

    private static void Look(string folder, Findings findings)
    {
        var disk = new DriveInfo(folder);
        var (free, share) = (disk.AvailableFreeSpace, (double)disk.AvailableFreeSpace / Math.Max(1, disk.TotalSize));
        var said = string.Create(CultureInfo.InvariantCulture, $"{(double)free / (1 << 30):0.0} GiB free ({share:0%})");
        if (free < TooLittle)
            findings.Fail(folder, $"{said}: the database stops when the disk is full, and with it everything. An issue to a million readers takes some 300 MB.");
        else if (free < Little && share < 0.1)
            findings.Warn(folder, $"{said}: make room before the next large issue.");
        else
            findings.Ok(folder, $"{said}.");
    }
}
