using Npgsql;
using NpgsqlTypes;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// What all workers share of a relay's limits: connections, tokens, and the messages of a day. Each is lent for seconds, by the database's
/// clock; no statement here is made for a single message.
/// </summary>
public sealed class PaceStore(NpgsqlDataSource database)
{
    // By a statement of its own: the next one then sees what whoever held the lock before has written.
    private const string LockRelays = /*lang=sql*/ """
        select id from relays where id = any(@relays::smallint[]) order by id for no key update
        """;

    // Never more than is left by the others, whose leases count until they run out, and no more than a fair part of it, so that a worker
    // that comes later finds something. What is in use is in use, and counts until it is given up.
    private const string LendConnections = /*lang=sql*/ """
        with asked as (
            select * from unnest(@relays::smallint[], @caps::integer[], @in_uses::integer[], @wishes::integer[], @breakers::text[], @sinces::timestamptz[])
                a (relay_id, cap, in_use, wanted, breaker, since)),
        shared as (
            select a.*,
                   (select coalesce(sum(w.slots), 0)::integer from relay_workers w
                    where w.relay_id = a.relay_id and w.worker <> @worker and w.lease_until > now()) as taken,
                   (select count(*)::integer from relay_workers w
                    where w.relay_id = a.relay_id and w.worker <> @worker and w.lease_until > now() and w.wanted > 0) as rivals
            from asked a),
        lent as (
            select s.*, greatest(0, least(s.wanted, s.cap - s.taken, (s.cap + s.rivals) / (s.rivals + 1))) as limit_now from shared s)
        insert into relay_workers as r (relay_id, worker, wanted, slots, in_use, breaker, breaker_since, lease_until)
        select l.relay_id, @worker, l.wanted, greatest(l.in_use, l.limit_now), l.in_use, l.breaker, l.since, now() + @lease::interval
        from lent l
        where exists (select from relays x where x.id = l.relay_id)
        on conflict (relay_id, worker) do update
        set wanted = excluded.wanted, slots = excluded.slots, in_use = excluded.in_use, breaker = excluded.breaker,
            breaker_since = excluded.breaker_since, lease_until = excluded.lease_until
        returning r.relay_id, (select l.limit_now from lent l where l.relay_id = r.relay_id) as limit_now
        """;

    private const string GiveConnectionsBack = /*lang=sql*/ """
        delete from relay_workers where worker = @worker or lease_until < now() - interval '1 hour'
        """;

    private const string EnsureBuckets = /*lang=sql*/ """
        insert into relay_buckets (relay_id, throttle_group)
        select a.relay_id, a.throttle_group
        from unnest(@relays::smallint[], @groups::text[]) a (relay_id, throttle_group)
        where exists (select from relays x where x.id = a.relay_id)
        order by 1, 2
        on conflict do nothing
        """;

    // A bucket holds a second's worth, at least one token; a worker gets its part of that. A complaint halves the rate, at most once in ten
    // seconds whoever complains, never below one message in ten seconds; each minute without one gives a tenth back, until the rate is what it
    // was. A group that has no rate of its own is halved from what was being sent, or from twenty a second where nobody has counted yet.
    private const string Draw = /*lang=sql*/ """
        with asked as (
            select * from unnest(@relays::smallint[], @groups::text[], @ceilings::double precision[], @wishes::boolean[], @sents::integer[], @complaints::boolean[])
                a (relay_id, throttle_group, ceiling, wanted, sent, complaint)),
        held as materialized (
            select b.*, a.ceiling, a.wanted, a.sent, a.complaint
            from relay_buckets b
            join asked a on a.relay_id = b.relay_id and a.throttle_group = b.throttle_group
            order by b.relay_id, b.throttle_group
            for update of b),
        timed as materialized (
            select h.*, clock_timestamp() as at,
                   greatest(1, (select count(*) from relay_workers w where w.relay_id = h.relay_id and w.lease_until > now() and w.wanted > 0)) as workers
            from held h),
        counted as materialized (
            select t.*, extract(epoch from t.at - t.counted_at)::double precision as counting, t.counted + t.sent as so_far from timed t),
        adjusted as materialized (
            select c.*,
                   case when c.counting >= 2 then c.so_far / c.counting else c.measured end as now_measured,
                   c.complaint and (c.slowed_at is null or c.slowed_at < c.at - interval '10 seconds') as halve,
                   not c.complaint and c.slowed_to is not null and coalesce(c.adjusted_at, c.slowed_at) < c.at - interval '60 seconds' as recover,
                   coalesce(c.slowed_to, c.ceiling, nullif(greatest(c.measured, c.so_far / greatest(1, c.counting)), 0), 20) as was
            from counted c),
        rated as materialized (
            select a.*,
                   case when a.halve then greatest(0.1, a.was / 2)
                        when a.recover then case when a.slowed_to * 1.1 < coalesce(a.ceiling, a.slowed_from) then a.slowed_to * 1.1 end
                        when a.slowed_to < coalesce(a.ceiling, a.slowed_from) then a.slowed_to end as slow
            from adjusted a),
        filled as materialized (
            select r.*, coalesce(r.slow, r.ceiling) as rate,
                   least(greatest(1, coalesce(r.slow, r.ceiling)),
                         r.tokens + greatest(0, extract(epoch from r.at - r.refilled_at)::double precision) * coalesce(r.slow, r.ceiling)) as full_tokens
            from rated r),
        drawn as materialized (
            select f.*, case when f.rate is null or not f.wanted then 0 else least(floor(f.full_tokens), greatest(1, ceil(f.rate / f.workers)))::integer end as draw
            from filled f)
        update relay_buckets b
        set tokens = case when d.rate is null then 1 else d.full_tokens - d.draw end,
            refilled_at = d.at,
            granted = d.draw,
            slowed_to = d.slow,
            slowed_from = case when d.slow is null then null when d.halve then coalesce(d.slowed_from, d.was) else d.slowed_from end,
            slowed_at = case when d.halve then d.at else d.slowed_at end,
            adjusted_at = case when d.halve or d.recover then d.at else d.adjusted_at end,
            counted = case when d.counting >= 2 then 0 else d.so_far end,
            counted_at = case when d.counting >= 2 then d.at else d.counted_at end,
            measured = d.now_measured
        from drawn d
        where b.relay_id = d.relay_id and b.throttle_group = d.throttle_group
        returning b.relay_id, b.throttle_group, b.granted, d.rate / d.workers as part,
                  case when d.rate is null or d.draw > 0 then 0.2 else greatest(0, 1 - b.tokens) / d.rate end as wait
        """;

    // Whoever thinks that it is another day is told, and charged nothing.
    private const string ChargeDay = /*lang=sql*/ """
        with today as (
            select (now() at time zone 'utc')::date as day),
        asked as (
            select * from unnest(@relays::smallint[], @days::date[], @allowances::integer[], @wishes::integer[]) a (relay_id, day, allowance, wish)),
        charged as (
            insert into relay_days as d (relay_id, day, taken, granted, allowance)
            select a.relay_id, a.day, least(a.wish, a.allowance), least(a.wish, a.allowance), a.allowance
            from asked a join today t on t.day = a.day
            where exists (select from relays x where x.id = a.relay_id)
            order by a.relay_id
            on conflict (relay_id, day) do update
            set granted = case when excluded.allowance is null then 0 else greatest(0, least(excluded.granted, excluded.allowance - d.taken)) end,
                taken = d.taken + case when excluded.allowance is null then 0 else greatest(0, least(excluded.granted, excluded.allowance - d.taken)) end,
                allowance = excluded.allowance
            returning d.relay_id, d.granted, d.taken, d.allowance)
        select a.relay_id, t.day, coalesce(c.granted, 0) as granted, c.relay_id is not null and c.allowance is not null and c.granted = 0 as is_over,
               (t.day + 1)::timestamp at time zone 'utc' - now() as remaining
        from asked a
        cross join today t
        left join charged c on c.relay_id = a.relay_id
        """;

    private const string GiveDayBack = /*lang=sql*/ """
        update relay_days set taken = greatest(0, taken - @messages) where relay_id = @relay and day = @day
        """;

    // Messages that nothing limits are counted when they have gone.
    private const string CountDay = /*lang=sql*/ """
        insert into relay_days as d (relay_id, day, taken)
        select a.relay_id, (now() at time zone 'utc')::date, a.messages
        from unnest(@relays::smallint[], @messages::integer[]) a (relay_id, messages)
        where exists (select from relays x where x.id = a.relay_id)
        order by a.relay_id
        on conflict (relay_id, day) do update set taken = d.taken + excluded.taken
        """;

    private readonly HashSet<(int, string)> _buckets = [];

    /// <summary>Renews a worker's hold on its connections; how many it may have to each relay now.</summary>
    internal async Task<IReadOnlyDictionary<int, int>> LendConnectionsAsync(Guid worker, IReadOnlyCollection<ConnectionWish> wishes, TimeSpan lease, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using (var locking = new NpgsqlCommand(LockRelays, connection))
        {
            locking.Parameters.AddWithValue("relays", Ids(wishes, wish => wish.RelayId));
            await locking.ExecuteNonQueryAsync(stop);
        }

        await using var command = new NpgsqlCommand(LendConnections, connection);
        command.Parameters.AddWithValue("worker", worker);
        command.Parameters.AddWithValue("lease", lease);
        command.Parameters.AddWithValue("relays", Ids(wishes, wish => wish.RelayId));
        command.Parameters.AddWithValue("caps", wishes.Select(wish => wish.Cap).ToArray());
        command.Parameters.AddWithValue("in_uses", wishes.Select(wish => wish.InUse).ToArray());
        command.Parameters.AddWithValue("wishes", wishes.Select(wish => wish.Wanted).ToArray());
        command.Parameters.AddWithValue("breakers", wishes.Select(wish => wish.Breaker).ToArray());
        command.Parameters.AddWithValue("sinces", NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, wishes.Select(wish => wish.BreakerSince?.UtcDateTime).ToArray());
        var lent = new Dictionary<int, int>();
        await using (var reader = await command.ExecuteReaderAsync(stop))
        {
            while (await reader.ReadAsync(stop))
                lent[reader.GetInt16(0)] = reader.GetInt32(1);
        }

        await transaction.CommitAsync(stop);
        return lent;
    }

    /// <summary>A worker stops; rows of others long dead go with it.</summary>
    internal async Task GiveConnectionsBackAsync(Guid worker, CancellationToken stop)
    {
        await using var command = database.CreateCommand(GiveConnectionsBack);
        command.Parameters.AddWithValue("worker", worker);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Draws tokens, says what was sent, and passes complaints on.</summary>
    internal async Task<IReadOnlyList<PaceAnswer>> DrawAsync(IReadOnlyCollection<PaceQuestion> questions, CancellationToken stop)
    {
        await EnsureBucketsAsync(questions, stop);
        await using var command = database.CreateCommand(Draw);
        command.Parameters.AddWithValue("relays", Ids(questions, question => question.RelayId));
        command.Parameters.AddWithValue("groups", questions.Select(question => question.Group).ToArray());
        command.Parameters.AddWithValue("ceilings", questions.Select(question => question.Ceiling).ToArray());
        command.Parameters.AddWithValue("wishes", questions.Select(question => question.Wants).ToArray());
        command.Parameters.AddWithValue("sents", questions.Select(question => question.Sent).ToArray());
        command.Parameters.AddWithValue("complaints", questions.Select(question => question.Throttled).ToArray());
        await using var reader = await command.ExecuteReaderAsync(stop);
        var answers = new List<PaceAnswer>();
        while (await reader.ReadAsync(stop))
        {
            answers.Add(new PaceAnswer(
                reader.GetInt16(0), reader.GetString(1), reader.GetInt32(2), reader.IsDBNull(3) ? null : reader.GetDouble(3), TimeSpan.FromSeconds(Math.Min(1, reader.GetDouble(4)))));
        }

        return answers;
    }

    /// <summary>Charges messages to today.</summary>
    internal async Task<IReadOnlyList<DayAnswer>> ChargeDayAsync(IReadOnlyCollection<DayQuestion> questions, CancellationToken stop)
    {
        await using var command = database.CreateCommand(ChargeDay);
        command.Parameters.AddWithValue("relays", Ids(questions, question => question.RelayId));
        command.Parameters.AddWithValue("days", questions.Select(question => question.Day).ToArray());
        command.Parameters.AddWithValue("allowances", questions.Select(question => question.Allowance).ToArray());
        command.Parameters.AddWithValue("wishes", questions.Select(question => question.Wish).ToArray());
        await using var reader = await command.ExecuteReaderAsync(stop);
        var answers = new List<DayAnswer>();
        while (await reader.ReadAsync(stop))
            answers.Add(new DayAnswer(reader.GetInt16(0), reader.GetFieldValue<DateOnly>(1), reader.GetInt32(2), reader.GetBoolean(3), reader.GetTimeSpan(4)));
        return answers;
    }

    internal async Task GiveDayBackAsync(int relay, DateOnly day, int messages, CancellationToken stop)
    {
        await using var command = database.CreateCommand(GiveDayBack);
        command.Parameters.AddWithValue("relay", (short)relay);
        command.Parameters.AddWithValue("day", day);
        command.Parameters.AddWithValue("messages", messages);
        await command.ExecuteNonQueryAsync(stop);
    }

    internal async Task CountDayAsync(IReadOnlyDictionary<int, int> messages, CancellationToken stop)
    {
        await using var command = database.CreateCommand(CountDay);
        command.Parameters.AddWithValue("relays", Ids(messages.Keys, relay => relay));
        command.Parameters.AddWithValue("messages", messages.Values.ToArray());
        await command.ExecuteNonQueryAsync(stop);
    }

    private async Task EnsureBucketsAsync(IReadOnlyCollection<PaceQuestion> questions, CancellationToken stop)
    {
        var missing = questions.Where(question => !_buckets.Contains((question.RelayId, question.Group))).ToList();
        if (missing.Count == 0)
            return;
        await using var command = database.CreateCommand(EnsureBuckets);
        command.Parameters.AddWithValue("relays", Ids(missing, question => question.RelayId));
        command.Parameters.AddWithValue("groups", missing.Select(question => question.Group).ToArray());
        await command.ExecuteNonQueryAsync(stop);
        _buckets.UnionWith(missing.Select(question => (question.RelayId, question.Group)));
    }

    private static short[] Ids<T>(IEnumerable<T> from, Func<T, int> id) => [.. from.Select(item => (short)id(item))];
}

/// <summary>What a worker has of a relay's connections, and would like to have.</summary>
/// <param name="RelayId">Relay.</param>
/// <param name="Cap">For all workers together.</param>
/// <param name="InUse">Open now.</param>
/// <param name="Wanted">At most; 0: none, they may go to others.</param>
/// <param name="Breaker">Why its breaker is open here; null: it is closed.</param>
/// <param name="BreakerSince">Since when.</param>
internal sealed record ConnectionWish(int RelayId, int Cap, int InUse, int Wanted, string? Breaker, DateTimeOffset? BreakerSince);
