-- What the workers share so that a relay's limits hold for all of them together. Each writes its own row, or takes a second's
-- worth of tokens in one statement: nothing here is written for a single message.

-- A worker's connections to a relay, and how it sees the relay. A worker that dies stops renewing, and its connections are free again.
create table relay_workers (
    relay_id      smallint    not null references relays on delete cascade,
    worker        uuid        not null,
    -- Connections to wish for, and those it may have until lease_until.
    wanted        integer     not null,
    slots         integer     not null,
    in_use        integer     not null,
    -- Why its breaker is open and since when; null while it is closed.
    breaker       text,
    breaker_since timestamptz,
    lease_until   timestamptz not null,
    primary key (relay_id, worker)
) with (fillfactor = 50);

-- Tokens: of a relay as a whole (group ''), and of each throttle group where the relay has groups.
create table relay_buckets (
    relay_id       smallint         not null references relays on delete cascade,
    throttle_group text             not null,
    tokens         double precision not null default 1,
    refilled_at    timestamptz      not null default now(),
    -- Taken by the last statement.
    granted        integer          not null default 0,
    -- Messages a second that servers' answers have slowed it down to; null: not slowed down.
    slowed_to      double precision,
    -- What it was sending when it was slowed down first: from there on it is not slow any more.
    slowed_from    double precision,
    slowed_at      timestamptz,
    adjusted_at    timestamptz,
    -- Messages sent since counted_at, and the rate before.
    counted        integer          not null default 0,
    counted_at     timestamptz      not null default now(),
    measured       double precision not null default 0,
    primary key (relay_id, throttle_group)
) with (fillfactor = 50);

-- Messages of a day (UTC, by this server's clock), mail to one person included.
create table relay_days (
    relay_id  smallint not null references relays on delete cascade,
    day       date     not null,
    taken     integer  not null default 0,
    granted   integer  not null default 0,
    -- What was allowed when it was last asked for; null: no limit.
    allowance integer,
    primary key (relay_id, day)
) with (fillfactor = 50);
