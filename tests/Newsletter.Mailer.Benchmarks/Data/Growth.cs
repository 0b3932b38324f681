using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Data;

/// <summary>How the cost of something grows with its size: for each size the rate, and the time a row beside that of the size before.</summary>
internal sealed class Growth(string what)
{
    private readonly List<Measured> _sizes = [];

    public void Add(int rows, TimeSpan took, double? peakMemoryMb = null)
    {
        var perRow = took.TotalSeconds / rows;
        double? toLinear = _sizes is [.., var before] ? perRow / (before.Seconds / before.Rows) : null;
        _sizes.Add(new Measured(rows, took.TotalSeconds, rows / took.TotalSeconds, Figures.Rounded(toLinear), peakMemoryMb, Figures.Rounded(Machine.Load, 1)!.Value));
        var beside = toLinear is { } ratio ? Figures.Invariant($", {ratio:0.00} of linear") : "";
        var memory = peakMemoryMb is { } peak ? Figures.Invariant($", peak memory {peak:0} MB") : "";
        Console.WriteLine(Figures.Invariant($"{what} {rows:N0}: {took.TotalSeconds:0.0} s, {rows / took.TotalSeconds:N0} rows/s{beside}{memory} (load {Machine.Load:0.0})"));
    }

    public void WriteJson() => Figures.WriteJson(new { Benchmark = what, Cores = Environment.ProcessorCount, Sizes = _sizes });

    private sealed record Measured(int Rows, double Seconds, double RowsPerSecond, double? RatioToLinear, double? PeakMemoryMb, double Load);
}
