namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What sending one issue took of the process that sent it.</summary>
internal sealed record SenderFigures
{
    public required double Seconds { get; init; }

    public required double CpuSeconds { get; init; }

    public required long AllocatedBytes { get; init; }

    public required int Gen2Collections { get; init; }

    /// <summary>Largest resident memory of the process so far.</summary>
    public required double PeakMemoryMb { get; init; }
}
