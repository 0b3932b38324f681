-- That a row says its reader left, whatever else it says of them: somebody may have left and bounced, and is to stay gone when the suppression is lifted.
alter table import_rows
    add column has_left boolean not null default false,
    -- When they left, where the file says.
    add column left_at  timestamptz,
    -- Counted as invalid, and here only because it says that its reader isn't to be mailed: nobody is made of it.
    add column is_wrong boolean not null default false,
    -- digest: the monthly digest in the place of every issue; null: every.
    add column frequency text;

-- Departures that count although their rows are left out: suppressed, overfull or invalid.
alter table imports add column also_unsubscribed bigint not null default 0;

update import_rows set has_left = true where wanted = 'unsubscribed';
