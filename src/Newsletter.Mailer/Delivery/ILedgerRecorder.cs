namespace Newsletter.Mailer.Delivery;

/// <summary>Takes what the connections of a process have to say to the ledger.</summary>
public interface ILedgerRecorder
{
    /// <summary>Records an outcome, an intent, or both in one commit.</summary>
    /// <returns>True where the intent is durable and <paramref name="next"/> may be sent now.</returns>
    Task<bool> RecordAsync(LedgerEntry? outcome, DeliveryKey? next);

    /// <summary>What was recorded until now stands in the deliveries: it must before a batch is closed or given back.</summary>
    Task PostAsync();
}
