-- An address that nothing may be sent to and that may not be kept: HMAC-SHA256 under a key derived from the key ring (Links.AddressHash).
alter table suppressions add column address_hash bytea;
alter table suppressions drop constraint suppressions_check;
alter table suppressions add constraint suppressions_check check (num_nonnulls(address, domain, address_hash) = 1);

-- What only a hash may say. erased: its owner asked to be forgotten, and comes back by their own sign-up alone. not_me: its owner said that a
-- sign-up wasn't theirs. Either stands beside whatever else is known of the address, and is lifted by itself.
alter table suppressions drop constraint suppressions_reason_check;
alter table suppressions add constraint suppressions_reason_check check (
    reason in ('hard_bounce', 'soft_bounces', 'complaint', 'manual', 'imported') or reason in ('not_me', 'erased') and address_hash is not null);

create unique index suppressions_address_hash on suppressions (address_hash, (case when reason in ('not_me', 'erased') then reason else '' end))
    where address_hash is not null;

-- Suppressions that were lifted, by whom and why. Of an address only the hash: the entry outlives the reader.
create table suppressions_lifted (
    id             bigint generated always as identity primary key,
    suppression_id bigint      not null,
    domain         text,
    address_hash   bytea,
    reason         text        not null,
    suppressed_at  timestamptz not null,
    -- Why it was lifted, in the words of who did it.
    note           text,
    -- Whose API key it was; null: none.
    api_key_id     bigint,
    lifted_at      timestamptz not null default now()
);

create index suppressions_lifted_hash on suppressions_lifted (address_hash);
