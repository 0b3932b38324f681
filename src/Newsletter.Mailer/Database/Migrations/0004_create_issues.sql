create table issues (
    id             bigint generated always as identity primary key,
    edition_id     bigint      not null references editions,
    newsletter_id  bigint      not null references newsletters,
    part_key       bigint      not null,
    round          integer     not null default 1,
    state          text        not null default 'freezing'
                   check (state in ('freezing', 'sending', 'paused', 'cancelling', 'cancelled', 'finished', 'failed')),
    -- Why it is paused or failed, for people.
    reason         text,
    -- What becomes of a delivery whose reply was lost after DATA.
    unknown_policy text        not null default 'resend' check (unknown_policy in ('resend', 'leave')),
    audience       bigint      not null default 0,
    -- The key that signs this issue's links, so that a second copy of a message is the first, byte for byte.
    link_key       text        not null,
    -- The Date of every message, and the part of every Message-ID that no other database shares.
    sent_date      timestamptz not null,
    nonce          text        not null,
    freeze_cursor  bigint      not null default 0,
    -- Rejections and unknowns that a person saw and resumed in spite of: only those beyond count again.
    tolerated      bigint      not null default 0,
    created_at     timestamptz not null default now(),
    frozen_at      timestamptz,
    finished_at    timestamptz
);

-- One that failed to freeze leaves its edition to a second try.
create unique index issues_edition on issues (edition_id) where state <> 'failed';
create index issues_open on issues (state) where state not in ('finished', 'cancelled', 'failed');
create index issues_newsletter on issues (newsletter_id, id);

create table issue_content (
    issue_id   bigint   not null references issues on delete cascade,
    variant    smallint not null,
    segments   bytea    not null,
    sha256     bytea    not null,
    html_bytes integer  not null,
    primary key (issue_id, variant)
);

create type delivery_status as enum (
    'pending', 'sending', 'accepted', 'deferred', 'rejected', 'skipped', 'unknown', 'cancelled', 'expired', 'failed');

-- The ledger: a row a member of the audience. No column that changes is indexed, and pages are filled to 60 %,
-- so that every update is HOT. Partitions are made at the freeze: a month's small issues share one, a large issue has its own.
create table deliveries (
    part_key      bigint          not null,
    issue_id      bigint          not null,
    seq           integer         not null,
    subscriber_id bigint          not null,
    variant       smallint        not null default 0,
    status        delivery_status not null default 'pending',
    attempts      smallint        not null default 0,
    -- Times it was sent again after its fate had become unknown.
    resends       smallint        not null default 0,
    -- 421s in answer to this message's final dot: a poison message must not loop.
    dot_faults    smallint        not null default 0,
    relay_id      smallint,
    smtp_code     smallint,
    -- Why it was skipped (unsubscribed, suppressed, erased), else null.
    reason        text,
    queue_id      text,
    detail_id     bigint,
    updated_at    timestamptz,
    primary key (part_key, issue_id, seq),
    unique (part_key, issue_id, subscriber_id)
) partition by list (part_key);

create table batches (
    issue_id       bigint      not null references issues on delete cascade,
    batch_no       integer     not null,
    -- first: the deliveries first_seq..last_seq; retry: those whose retries row names this batch.
    kind           text        not null default 'first' check (kind in ('first', 'retry')),
    throttle_group text        not null default 'other',
    first_seq      integer     not null,
    last_seq       integer     not null,
    size           integer     not null,
    state          text        not null default 'ready' check (state in ('ready', 'leased', 'done')),
    lease_owner    uuid,
    lease_until    timestamptz,
    -- Rises with every lease; an outcome is written only under the fence it was sent with.
    fence          bigint      not null default 0,
    -- Not before this time: a batch handed back because its relay failed.
    not_before     timestamptz,
    done_at        timestamptz,
    primary key (issue_id, batch_no)
) with (fillfactor = 60);

create index batches_open on batches (issue_id, batch_no) where state <> 'done';
create index batches_leased on batches (issue_id) where state = 'leased';

create table retries (
    issue_id bigint      not null references issues on delete cascade,
    seq      integer     not null,
    -- First attempt that was deferred: the maximum age counts from here.
    since    timestamptz not null,
    next_at  timestamptz not null,
    batch_no integer,
    primary key (issue_id, seq)
);

create index retries_due on retries (next_at) where batch_no is null;
create index retries_batch on retries (issue_id, batch_no) where batch_no is not null;

create table smtp_details (
    id       bigint generated always as identity primary key,
    -- Of code, enhanced status and text: replies repeat, rows should not.
    sha256   bytea not null unique,
    code     smallint not null,
    status   text,
    text     text  not null
);

create table relays (
    id         smallint generated always as identity primary key,
    name       text        not null unique,
    created_at timestamptz not null default now()
);
