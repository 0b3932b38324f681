namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Readers refused one after the other for the sender's sake, by relay: what one relay accepts says nothing of another that refuses us.
/// </summary>
internal sealed class RefusalStreaks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Streak> _ofRelay = [];

    /// <summary>One more was refused.</summary>
    /// <param name="relayId">By this relay.</param>
    /// <param name="seq">The delivery's place.</param>
    /// <param name="kind">Of what kind the refusal is: another kind begins anew.</param>
    /// <param name="now">By the clock's timestamp.</param>
    public void Add(int relayId, int seq, string kind, long now)
    {
        lock (_gate)
        {
            if (!_ofRelay.TryGetValue(relayId, out var streak) || streak.Kind != kind)
                _ofRelay[relayId] = streak = new Streak(kind, now);
            streak.Seqs.Add(seq);
        }
    }

    /// <summary>The relay accepted something. What was under way before its first refusal says nothing of what came after.</summary>
    public void End(int relayId, long begun)
    {
        lock (_gate)
        {
            if (_ofRelay.TryGetValue(relayId, out var streak) && begun > streak.Began)
                _ofRelay.Remove(relayId);
        }
    }

    /// <summary>Those this relay refused, once there are enough in a row; then also those that were in flight meanwhile.</summary>
    public IReadOnlyList<int> Full(int? relayId, int enough)
    {
        lock (_gate)
        {
            if (relayId is not { } id || !_ofRelay.TryGetValue(id, out var streak))
                return [];
            streak.IsFull |= streak.Seqs.Count >= enough;
            return streak.IsFull ? [.. streak.Seqs] : [];
        }
    }

    /// <summary>All that were refused lately, however few.</summary>
    public IReadOnlyList<int> All()
    {
        lock (_gate)
            return [.. _ofRelay.Values.SelectMany(streak => streak.Seqs)];
    }

    /// <summary>They have been put back; the streaks themselves go on until something is accepted.</summary>
    public void Forget(IReadOnlyCollection<int> seqs)
    {
        lock (_gate)
        {
            foreach (var streak in _ofRelay.Values)
                streak.Seqs.RemoveAll(seqs.Contains);
        }
    }

    private sealed class Streak(string kind, long began)
    {
        public string Kind => kind;

        public long Began => began;

        public List<int> Seqs { get; } = [];

        public bool IsFull { get; set; }
    }
}
