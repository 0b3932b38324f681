using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>Records nothing, and says at once that it did: what is left of the time is what recording costs.</summary>
internal sealed class NoRecorder : ILedgerRecorder
{
    private static readonly Task<bool> Recorded = Task.FromResult(true);

    public Task<bool> RecordAsync(LedgerEntry? outcome, DeliveryKey? next) => Recorded;

    public Task PostAsync() => Task.CompletedTask;
}
