namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What <c>send</c> was asked for.</summary>
internal sealed record SendSettings
{
    public required int Messages { get; init; }

    public required int Rounds { get; init; }

    public required int Connections { get; init; }

    public required TimeSpan Delay { get; init; }

    public required bool Chunking { get; init; }

    /// <summary>Not smtp-sink.</summary>
    public required bool OwnSink { get; init; }

    public required bool WithoutRecording { get; init; }

    public required bool Nodemailer { get; init; }

    /// <summary>Ours and nodemailer sign.</summary>
    public required bool Dkim { get; init; }

    public required string? Folder { get; init; }
}
