-- Mail to one person: what it is and for whom, not how it looks.
create table outbox (
    id            bigint generated always as identity primary key,
    kind          text        not null,
    address       text        not null,
    newsletter_id bigint      references newsletters,
    model         jsonb       not null,
    nonce         text        not null,
    state         text        not null default 'ready' check (state in ('ready', 'sending', 'sent', 'failed')),
    attempts      smallint    not null default 0,
    next_at       timestamptz not null default now(),
    fence         bigint      not null default 0,
    lease_until   timestamptz,
    reply         text,
    created_at    timestamptz not null default now(),
    finished_at   timestamptz
) with (fillfactor = 60);

create index outbox_open on outbox (next_at) where state in ('ready', 'sending');
