-- Relays come from the configuration, which keeps only their names here, or from the API, which keeps all there is to know.
alter table relays
    add column source     text        not null default 'configuration' check (source in ('configuration', 'api')),
    add column enabled    boolean     not null default true,
    -- Everything but the password, as JSON; null for one of the configuration.
    add column settings   jsonb,
    -- Encrypted under a key derived from Links:Keys, which it names; null where there is none.
    add column password   text,
    add column updated_at timestamptz not null default now(),
    -- Set on deletion: old deliveries still say which relay took them.
    add column deleted_at timestamptz,
    add constraint relays_settings check ((source = 'api') = (settings is not null));

-- A name is free again once its relay is deleted.
alter table relays drop constraint relays_name_key;
create unique index relays_name on relays (lower(name)) where deleted_at is null;
