-- Keys of links and secrets that somebody has shown a copy of: a fingerprint each, never a key.
create table key_backups (
    fingerprint text        primary key,
    key_id      text        not null,
    verified_at timestamptz not null default now()
);
