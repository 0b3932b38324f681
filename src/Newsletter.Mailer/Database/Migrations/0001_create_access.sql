create table api_keys (
    id           bigint generated always as identity primary key,
    name         text        not null,
    prefix       text        not null unique,
    sha256       bytea       not null,
    scopes       text[]      not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- One row a POST that named an Idempotency-Key; status stays null while the first of its kind is still running.
create table idempotency_keys (
    api_key_id     bigint      not null references api_keys on delete cascade,
    key            text        not null,
    request_sha256 bytea       not null,
    status         integer,
    headers        jsonb,
    body           bytea,
    created_at     timestamptz not null default now(),
    primary key (api_key_id, key)
);

create index idempotency_keys_created_at on idempotency_keys (created_at);
