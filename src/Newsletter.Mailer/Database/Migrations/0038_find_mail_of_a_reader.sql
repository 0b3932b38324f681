-- Whoever is forgotten takes their mail with them: without it, each erasure reads the mail of a month.
create index outbox_address on outbox (lower(address));
