namespace Newsletter.Mailer.Delivery;

/// <summary>Once a minute: due retries become batches, cancelled issues end, balanced ones finish, strays are found, and what the dead left in the journal is posted.</summary>
public sealed class DeliverySweep(RetryStore retries, BatchStore batches, IssueStore issues, IssueGuard guard, DeliveryOptions options)
{
    /// <returns>True where there is something to send.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        foreach (var (id, state) in await issues.OpenIssues(stop))
        {
            if (state == "cancelling")
                await issues.AdvanceCancelAsync(id, stop);
            else
                await TendAsync(id, stop);
        }

        await batches.PostAbandonedAsync(stop);
        await retries.GatherAsync(options.BatchSize, stop);
        await guard.CheckRelaysAsync(stop);
        return await batches.AnyReadyAsync(stop);
    }

    private async Task TendAsync(long id, CancellationToken stop)
    {
        if (!await issues.TryFinishAsync(id, stop))
            await issues.RescueStraysAsync(id, stop);
    }
}
