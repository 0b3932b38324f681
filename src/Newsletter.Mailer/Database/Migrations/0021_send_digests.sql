-- A digest is an edition that the program writes, once a month, for readers who want one in the place of single issues. It has no number:
-- those are its author's.
alter table editions add column kind text not null default 'issue' check (kind in ('issue', 'digest'));
alter table editions alter column number drop not null;
alter table editions add constraint editions_numbered check ((kind = 'digest') = (number is null));

-- As its edition's, for whoever sends looks at it batch by batch.
alter table issues add column kind text not null default 'issue' check (kind in ('issue', 'digest'));

-- No status, as a break is none: the subscription stays active, and whoever is on the digest is in every audience and excluded for that reason.
alter table subscriptions add column frequency text not null default 'every' check (frequency in ('every', 'digest'));
create index subscriptions_digest on subscriptions (newsletter_id) where frequency = 'digest';

alter table newsletters add column digests boolean not null default true;

-- What became of each month, decided once: the row is made with the edition, in one commit, and two that want to make it get one.
create table digests (
    id            bigint generated always as identity primary key,
    newsletter_id bigint      not null references newsletters,
    -- First day of the month that had ended.
    month         date        not null,
    -- made; or why there is none: nobody wanted it, nothing had gone out, the author has switched digests off.
    outcome       text        not null check (outcome in ('made', 'no_readers', 'no_issues', 'off')),
    -- Null where there is none, or its draft was deleted.
    edition_id    bigint      references editions on delete set null,
    decided_at    timestamptz not null default now(),
    constraint digests_month unique (newsletter_id, month)
);

-- Each issue is told of once, or was seen when nobody wanted a digest. Not by the time of the last one: an issue may be entered late.
create table digest_issues (
    issue_id  bigint primary key references issues on delete cascade,
    digest_id bigint not null references digests on delete cascade
);

create index digest_issues_digest on digest_issues (digest_id);

-- Of the newsletters there are, the month that has ended is settled: nobody had the choice.
insert into digests (newsletter_id, month, outcome)
select id, (date_trunc('month', now() at time zone 'utc') - interval '1 month')::date, 'no_readers' from newsletters;
