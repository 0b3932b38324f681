-- What came back of a delivery, by whichever way: one row a delivery and kind, however often and wherever it is told. Written in the commit that
-- takes it in; what follows from it is done by whoever settles it.
create table bounces (
    id             bigint generated always as identity primary key,
    -- Not references: the evidence outlives the reader, who is then only a number.
    subscriber_id  bigint      not null,
    newsletter_id  bigint,
    -- Null where it is known only whose mail it was.
    issue_id       bigint,
    seq            integer,
    -- hard, soft: the mailbox; complaint: its owner; sender: policy or reputation, ours to mend; message: what we wrote.
    kind           text        not null check (kind in ('hard', 'soft', 'complaint', 'sender', 'message')),
    -- In one word, as the README lists them.
    reason         text        not null,
    -- Enhanced status (RFC 3463) and reply code, where there were any.
    status         text,
    reply_code     smallint,
    -- The server's words, addresses and ids taken out.
    evidence       text,
    -- reply: the relay's own answer; mail; or whose webhook told it.
    source         text        not null,
    relay_id       smallint,
    throttle_group text,
    at             timestamptz not null default now(),
    settled_at     timestamptz,
    -- What followed: suppressed, counted, alarm, none.
    consequence    text,
    suppression_id bigint,
    undone_at      timestamptz,
    undone_note    text
);

create unique index bounces_once on bounces (issue_id, seq, kind) where issue_id is not null;
create index bounces_subscriber on bounces (subscriber_id, id);
create index bounces_unsettled on bounces (id) where settled_at is null;
create index bounces_at on bounces (at);

-- A mailbox that is read: by whom, until when, and how it is going.
create table mailboxes (
    name         text        primary key,
    lease_owner  uuid,
    lease_until  timestamptz,
    -- Of the last look: when, how many messages still lay there, and how the server tells of new ones (idle or polling).
    last_read_at timestamptz,
    backlog      integer,
    waits_by     text,
    -- Why it can't be read, for people, and since when; null: it can.
    error        text,
    error_at     timestamptz
);

-- Every message that was taken from a mailbox, so that it counts once wherever it turns up again. No address is kept of it.
create table mailbox_messages (
    id      bigint generated always as identity primary key,
    mailbox text        not null,
    sha256  bytea       not null unique,
    -- What it was: bounce, complaint, unsubscribe, auto_reply, delay, other; unclear ones are kept on the server.
    outcome text        not null check (outcome in ('bounce', 'complaint', 'unsubscribe', 'auto_reply', 'delay', 'other', 'unclear')),
    -- Why it is unclear, for people; its subject and its sender's domain, to find it by.
    why     text,
    subject text,
    domain  text,
    -- How the mailbox's server names it: UIDVALIDITY and UID (IMAP), or UIDL (POP3).
    uid     text        not null,
    bytes   bigint      not null,
    at      timestamptz not null default now()
);

create index mailbox_messages_unclear on mailbox_messages (mailbox, id) where outcome = 'unclear';
create index mailbox_messages_at on mailbox_messages (at) where outcome <> 'unclear';

-- Events of webhooks by the provider's own id: a replay is known by it.
create table webhook_events (
    provider text        not null,
    event_id text        not null,
    at       timestamptz not null default now(),
    primary key (provider, event_id)
);

create index webhook_events_at on webhook_events (at);

-- Refusals for the sender's sake: a relay's reputation or settings, to be looked at by a person. One that is open counts on.
create table relay_alarms (
    id             bigint generated always as identity primary key,
    relay_id       smallint,
    throttle_group text        not null,
    reason         text        not null,
    sample         text,
    count          bigint      not null default 0,
    first_at       timestamptz not null default now(),
    last_at        timestamptz not null default now(),
    cleared_at     timestamptz,
    note           text
);

create unique index relay_alarms_open on relay_alarms (coalesce(relay_id, 0), throttle_group, reason) where cleared_at is null;

-- Complaints that a person saw and resumed in spite of: only those beyond count again.
alter table issues add column tolerated_complaints bigint not null default 0;

-- What was accepted of an issue, by throttle group, as of when: what came back is weighed against it.
create table issue_tallies (
    issue_id   bigint      primary key references issues on delete cascade,
    counted_at timestamptz not null,
    accepted   jsonb       not null
);
