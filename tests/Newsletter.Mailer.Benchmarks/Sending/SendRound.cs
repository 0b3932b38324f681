namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>One turn of each sender.</summary>
internal sealed record SendRound
{
    /// <summary>Messages a second of smtp-source.</summary>
    public double Source { get; set; }

    /// <summary>Messages a second of our pipeline.</summary>
    public double Ours { get; set; }

    /// <summary>The same without a ledger; null where that took no turn.</summary>
    public double? Unrecorded { get; set; }

    /// <summary>Messages a second of nodemailer; null where it took no turn.</summary>
    public double? Nodemailer { get; set; }

    /// <summary>RSA-2048 signatures a second on one core; null where nobody signs.</summary>
    public double? Signatures { get; set; }

    /// <summary>What our turn took of our process.</summary>
    public SenderFigures Process { get; set; } = null!;

    /// <summary>What our turn took of PostgreSQL, in seconds of processor time.</summary>
    public double PostgresCpuSeconds { get; set; }

    /// <summary>The machine's load as the round began.</summary>
    public double Load { get; init; }
}
