using System.Globalization;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>Processor time of a PostgreSQL server: its postmaster, the processes it has, and those that have ended.</summary>
internal sealed class PostgresCpu(int postmaster)
{
    // USER_HZ, 100 on every Linux that .NET runs on.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public TimeSpan Total()
    {
        long ticks = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(pid) is { } stat
                && (pid == postmaster || stat.Parent == postmaster))
                ticks += stat.Own + (pid == postmaster ? stat.Ended : 0);
        }

        return Tick * ticks;
    }

    // proc(5): after the name in brackets come state, ppid, …, utime, stime, cutime and cstime (fields 14 to 17).
    private static (int Parent, long Own, long Ended)? Read(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), Number(11) + Number(12), Number(13) + Number(14));
            long Number(int at) => long.Parse(fields[at], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // ended meanwhile
        }
    }
}
