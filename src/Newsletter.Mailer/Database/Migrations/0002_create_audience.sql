create table newsletters (
    id             bigint generated always as identity primary key,
    slug           text        not null unique,
    name           text        not null,
    from_address   text        not null,
    from_name      text,
    reply_to       text,
    postal_address text,
    time_zone      text        not null default 'Etc/UTC',
    cadence        text,
    theme          text        not null default 'plain',
    language       text        not null default 'en',
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

create table subscribers (
    id         bigint generated always as identity primary key,
    address    text        not null,
    name       text,
    attributes jsonb       not null default '{}',
    time_zone  text,
    language   text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index subscribers_address on subscribers (lower(address));

-- What a reader is called by. The same rule as Audience.FirstName; a test holds them together.
create function first_name(name text, attributes jsonb) returns text
    language sql immutable parallel safe
    return coalesce(nullif(btrim(attributes ->> 'first_name'), ''), nullif(split_part(btrim(name), ' ', 1), ''));

create table subscriptions (
    newsletter_id      bigint      not null references newsletters,
    subscriber_id      bigint      not null references subscribers on delete cascade,
    status             text        not null check (status in ('pending', 'active', 'unsubscribed')),
    tier               text        not null default 'free' check (tier in ('free', 'premium')),
    created_at         timestamptz not null default now(),
    confirmed_at       timestamptz,
    unsubscribed_at    timestamptz,
    -- How they left: one_click, page, api, import. Which issue's link it was, where a link it was.
    unsubscribed_by    text,
    unsubscribed_issue bigint,
    primary key (newsletter_id, subscriber_id)
);

create index subscriptions_subscriber on subscriptions (subscriber_id);

create table suppressions (
    id         bigint generated always as identity primary key,
    address    text,
    domain     text,
    reason     text        not null check (reason in ('hard_bounce', 'soft_bounces', 'complaint', 'manual', 'imported')),
    evidence   text,
    created_at timestamptz not null default now(),
    check (num_nonnulls(address, domain) = 1)
);

create unique index suppressions_address on suppressions (lower(address)) where address is not null;
create unique index suppressions_domain on suppressions (lower(domain)) where domain is not null;
