-- What a reader chose in the place of leaving. It is no status: the subscription stays active, and whoever is paused is in every audience and
-- excluded for that reason.
alter table subscriptions add column paused_until timestamptz;

-- Issues without HTML.
alter table subscribers add column plain_text boolean not null default false;
