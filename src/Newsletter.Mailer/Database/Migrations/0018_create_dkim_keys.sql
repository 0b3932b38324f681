-- Keys that sign mail, by domain and selector. A new one waits until its record is published, then signs; the one it follows is retired.
create table dkim_keys (
    id           bigint generated always as identity primary key,
    domain       text        not null,
    selector     text        not null,
    algorithm    text        not null check (algorithm in ('rsa', 'ed25519')),
    -- In base64, as the record has it.
    public_key   text        not null,
    -- Encrypted under a key derived from Links:Keys, which it names; null once retired.
    private_key  text,
    state        text        not null default 'waiting' check (state in ('waiting', 'active', 'retired')),
    created_at   timestamptz not null default now(),
    activated_at timestamptz,
    retired_at   timestamptz,
    unique (domain, selector),
    check ((state = 'retired') = (private_key is null))
);

create unique index dkim_keys_active on dkim_keys (domain, algorithm) where state = 'active';
