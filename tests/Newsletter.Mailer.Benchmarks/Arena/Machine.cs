using System.Globalization;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>What the machine is and how busy others keep it: a number without that says little.</summary>
internal static class Machine
{
    public static double Load => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    public static string Describe()
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1];
        return Figures.Invariant($"{Environment.ProcessorCount} cores ({processor ?? "unknown processor"}), load {Load:0.0}, .NET {Environment.Version}");
    }
}
