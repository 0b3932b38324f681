-- Mail to one person that is done with: found by its age, and forgotten.
create index outbox_finished on outbox (finished_at) where finished_at is not null;
