-- Tags are in order and each once, whoever writes them.
create function merge_tags(present text[], added text[]) returns text[]
    language sql immutable parallel safe
    return (select coalesce(array_agg(distinct tag collate "C" order by tag collate "C"), '{}') from unnest(present || added) tag);

create function drop_tags(present text[], dropped text[]) returns text[]
    language sql immutable parallel safe
    return (select coalesce(array_agg(tag order by place), '{}') from unnest(present) with ordinality p (tag, place) where tag <> all (dropped));

-- A change to every active reader whom a filter was true of when it came to them. Where it is, it says itself: cut off, it goes on there.
create table bulk_changes (
    id            bigint generated always as identity primary key,
    newsletter_id bigint      not null references newsletters on delete cascade,
    filter        text        not null,
    add_tags      text[]      not null default '{}',
    remove_tags   text[]      not null default '{}',
    -- Keys to set, or with null to remove.
    attributes    jsonb       not null default '{}',
    tier          text        check (tier in ('free', 'premium')),
    unsubscribe   boolean     not null default false,
    state         text        not null default 'running' check (state in ('running', 'finished')),
    -- Every reader up to this id is done.
    cursor        bigint      not null default 0,
    -- matched = changed + unchanged + refused.
    matched       bigint      not null default 0,
    changed       bigint      not null default 0,
    unchanged     bigint      not null default 0,
    refused       bigint      not null default 0,
    created_at    timestamptz not null default now(),
    finished_at   timestamptz
);

create index bulk_changes_running on bulk_changes (id) where state = 'running';
