create table editions (
    id            bigint generated always as identity primary key,
    newsletter_id bigint      not null references newsletters,
    number        integer     not null check (number >= 0),
    slug          text        not null,
    title         text        not null,
    subject       text        not null,
    preheader     text,
    author        text,
    tier          text        not null default 'free' check (tier in ('free', 'premium')),
    -- The whole document as the author gave it, front matter included.
    source        text        not null,
    state         text        not null default 'draft' check (state in ('draft', 'scheduled', 'held', 'published')),
    held_reason   text,
    send_at       timestamptz,
    send_local    timestamp,
    send_zone     text,
    revision      integer     not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint editions_number unique (newsletter_id, number),
    constraint editions_slug unique (newsletter_id, slug),
    check ((state = 'scheduled') <= (send_at is not null)),
    check ((state = 'held') = (held_reason is not null))
);

create index editions_due on editions (send_at) where state = 'scheduled';
