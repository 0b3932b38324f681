-- Which installation this database belongs to: one row, written by whoever runs on it first. A copy that is started elsewhere finds that
-- the server or the database is another one, or that nobody has been here for long, and sends nothing until a person says so.
create table instance (
    only_one          boolean     primary key default true check (only_one),
    system_identifier text        not null,
    database_oid      bigint      not null,
    heartbeat_at      timestamptz not null default now(),
    -- Why nothing may be sent, for people; null: all is well.
    held_reason       text,
    held_at           timestamptz,
    adopted_at        timestamptz
);
