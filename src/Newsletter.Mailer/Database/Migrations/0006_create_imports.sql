create table imports (
    id                 bigint generated always as identity primary key,
    newsletter_id      bigint      not null references newsletters,
    -- The tier of the subscriptions it makes.
    tier               text        not null default 'free' check (tier in ('free', 'premium')),
    state              text        not null default 'receiving' check (state in ('receiving', 'merging', 'finished', 'failed')),
    -- Why it failed, for people.
    reason             text,
    bytes              bigint      not null default 0,
    -- rows = invalid + duplicates + suppressed + created + updated + unchanged, once it has finished.
    rows               bigint      not null default 0,
    invalid            bigint      not null default 0,
    duplicates         bigint      not null default 0,
    suppressed         bigint      not null default 0,
    created            bigint      not null default 0,
    updated            bigint      not null default 0,
    unchanged          bigint      not null default 0,
    -- created + updated + unchanged = subscribed + already_subscribed + kept_unsubscribed + kept_pending.
    subscribed         bigint      not null default 0,
    already_subscribed bigint      not null default 0,
    kept_unsubscribed  bigint      not null default 0,
    kept_pending       bigint      not null default 0,
    -- Rows put into import_rows, and those of them that are merged and gone from there.
    staged             bigint      not null default 0,
    merged             bigint      not null default 0,
    -- Merges begun since the last that got anywhere.
    attempts           smallint    not null default 0,
    created_at         timestamptz not null default now(),
    received_at        timestamptz,
    finished_at        timestamptz
);

create index imports_open on imports (state) where state in ('receiving', 'merging');

create table import_problems (
    id        bigint generated always as identity primary key,
    import_id bigint not null references imports on delete cascade,
    line      bigint not null,
    -- The column as the file's header names it; null where it is the whole row.
    name      text,
    reason    text   not null
);

create index import_problems_import on import_problems (import_id, id);

-- What was received and isn't merged yet. Unlogged: after a crash of the server it is empty, which the merge notices
-- by the counters of its import; the file is then sent again. Ordered by key, so that a chunk holds all rows of an address,
-- two imports lock readers in the same order, and the index of addresses grows from left to right.
create unlogged table import_rows (
    import_id  bigint not null,
    row_no     bigint not null,
    line       bigint not null,
    address    text   not null,
    key        text   collate "C" not null generated always as (lower(address)) stored,
    domain     text   not null,
    name       text,
    attributes jsonb  not null,
    primary key (import_id, key, row_no)
);
