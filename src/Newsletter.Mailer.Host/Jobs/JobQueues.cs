namespace Newsletter.Mailer.Host.Jobs;

/// <summary>
/// Names of the queues. Hangfire serves them in the order of the alphabet, so the letter in front is the priority.
/// They are stored with every job: never rename one.
/// </summary>
internal static class JobQueues
{
    /// <summary>Mail to one person; has a server of its own.</summary>
    public const string Transactional = "a-transactional";

    /// <summary>Publishing, freezing, sweeping: short, and what sending waits for.</summary>
    public const string Control = "c-control";

    /// <summary>Senders of issues.</summary>
    public const string Send = "m-send";

    /// <summary>Imports.</summary>
    public const string Import = "x-import";
}
