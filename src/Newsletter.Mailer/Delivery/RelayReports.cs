namespace Newsletter.Mailer.Delivery;

/// <summary>Settings and what workers wrote, put together for people.</summary>
internal static class RelayReports
{
    private const string Whole = "";

    public static RelayReport Of(Relay relay, RelayOptions options, bool enabled, RelayStates states) => new()
    {
        Id = relay.Id,
        Name = relay.Name,
        Source = relay.IsOfTheApi ? "api" : "configuration",
        Enabled = enabled,
        Host = relay.Host,
        Port = relay.Port,
        Security = relay.Security,
        Authenticates = options.UserName is not null,
        UserName = options.UserName,
        HeloName = options.HeloName,
        AcceptAnyCertificate = relay.AcceptAnyCertificate,
        Priority = relay.Priority,
        Weight = relay.Weight,
        MaxConnections = relay.MaxConnections,
        MessagesPerConnection = relay.MessagesPerConnection,
        ConnectionSeconds = options.ConnectionSeconds,
        ConnectTimeoutSeconds = options.ConnectTimeoutSeconds,
        CommandTimeoutSeconds = options.CommandTimeoutSeconds,
        FinalReplyTimeoutSeconds = options.FinalReplyTimeoutSeconds,
        UseChunking = relay.UseChunking,
        MessagesPerSecond = relay.MessagesPerSecond,
        MessagesPerDay = relay.MessagesPerDay,
        WarmUp = options.WarmUp,
        Groups = relay.Groups,
        GroupRates = relay.GroupRates,
        State = StateOf(relay, states),
    };

    private static RelayState StateOf(Relay relay, RelayStates states)
    {
        var workers = states.Workers.Where(worker => worker.RelayId == relay.Id).ToList();
        var broken = workers.Where(worker => worker.Breaker is not null).OrderBy(worker => worker.BreakerSince).FirstOrDefault();
        var buckets = states.Buckets.Where(bucket => bucket.RelayId == relay.Id).ToList();
        var today = states.Days.FirstOrDefault(day => day.RelayId == relay.Id);
        var allowed = relay.AllowanceOn(states.Today);
        return new RelayState
        {
            Problem = relay.Problem,
            Workers = workers.Count,
            ConnectionsInUse = workers.Sum(worker => worker.InUse),
            BreakerOpen = broken is not null,
            BreakerReason = broken?.Breaker,
            BreakerSince = broken?.BreakerSince,
            Tokens = relay.MessagesPerSecond is { } rate ? Math.Round(buckets.Find(bucket => bucket.Group == Whole)?.Tokens ?? Math.Max(1, rate), 1) : null,
            Day = states.Today,
            MessagesToday = today?.Taken ?? 0,
            AllowedToday = allowed,
            WarmUpAllowance = relay.WarmUp?.AllowanceOn(states.Today),
            UsedUpUntil = allowed <= (today?.Taken ?? 0) ? new DateTimeOffset(states.Today.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null,
            Pace = relay.Groups ? [.. buckets.Where(bucket => bucket.Group != Whole).Select(bucket => PaceOf(relay, bucket))] : [],
        };
    }

    private static GroupPace PaceOf(Relay relay, RelayBucketRow bucket) => new()
    {
        Group = bucket.Group,
        MessagesPerSecond = bucket.SlowedTo ?? (relay.GroupRates.TryGetValue(bucket.Group, out var rate) ? rate : null),
        MeasuredPerSecond = Math.Round(bucket.Measured, 1),
        Slowed = bucket.SlowedTo is not null,
        SlowedAt = bucket.SlowedAt,
    };
}
