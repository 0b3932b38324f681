namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Looked at every second in every worker: whether this process should send more than it does. It goes by the rows and by what runs here,
/// never by what other processes are said to be doing: whoever was killed can't be counted on, and nobody has to be told of a resume.
/// </summary>
public sealed class SenderDemand(
    DemandStore demand, IssueStore issues, IssueGuard guard, BatchSender sender, BulkRelays relays, DatabaseContact contact, DeliveryOptions options)
{
    /// <summary>Ends what can be ended of issues being cancelled, pauses what has no relay, and counts.</summary>
    /// <returns>Senders that this process has room for and something to send; 0 where all is well.</returns>
    public async Task<int> LookAsync(CancellationToken stop)
    {
        await guard.CheckRelaysAsync(stop);
        foreach (var id in await demand.Cancellable(stop))
            await issues.AdvanceCancelAsync(id, stop);

        var missing = options.Senders - sender.Running;
        // With the day used up a sender would end as soon as it began. Whether a new day has come is asked without one.
        if (missing <= 0 || relays.Pool.IsUsedUp)
            return 0;
        var lease = TimeSpan.FromSeconds(options.LeaseSeconds);
        return await demand.AnyReadyAsync(contact.MayTakeOver(lease), lease, stop) ? missing : 0;
    }
}
