-- What a reader chose in the place of leaving. Neither is a status: the subscription stays active, and whoever is paused or on the digest is in
-- every audience and excluded for that reason.
alter table subscriptions
    add column paused_until timestamptz,
    add column frequency    text not null default 'every' check (frequency in ('every', 'digest'));

-- Issues without HTML.
alter table subscribers add column plain_text boolean not null default false;
