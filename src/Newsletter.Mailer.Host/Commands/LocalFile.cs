namespace Newsletter.Mailer.Host.Commands;

/// <summary>Files of one folder, whatever links lie in it: nothing outside is opened.</summary>
internal static class LocalFile
{
    private const int MostLinks = 40;

    /// <summary>Where a path below a folder really is, and why it isn't opened where that is outside or no file.</summary>
    /// <returns>Null with <paramref name="problem"/> null where there is nothing.</returns>
    public static string? Find(string folder, string path, out string? problem)
    {
        problem = null;
        var root = Real(Path.GetFullPath(folder));
        var real = root is null ? null : Real(Path.Combine(root, path));
        if (root is null || real is null)
        {
            problem = "Its symbolic links lead in a circle.";
            return null;
        }

        if (!real.StartsWith(root == "/" ? root : root + "/", StringComparison.Ordinal))
        {
            problem = $"It leads out of {folder}, and only what is in that folder is read. Copy the file there.";
            return null;
        }

        if (Directory.Exists(real))
            problem = "It is a folder.";
        return problem is null && File.Exists(real) ? real : null;
    }

    // realpath(3): every part of it may be a link.
    private static string? Real(string path)
    {
        var (real, links) = ("/", 0);
        var rest = new Stack<string>(Parts(path).Reverse());
        while (rest.TryPop(out var part))
        {
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? "/";
                continue;
            }

            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
                return null;
            real = Path.IsPathRooted(target) ? "/" : real;
            foreach (var step in Parts(target).Reverse())
                rest.Push(step);
        }

        return real;
    }

    private static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");
}
