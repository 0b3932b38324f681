-- Filters of a newsletter's audience, as their authors wrote them: Audience/Segments reads and compiles them.
create table segments (
    id            bigint generated always as identity primary key,
    newsletter_id bigint      not null references newsletters on delete cascade,
    slug          text        not null,
    name          text        not null,
    filter        text        not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint segments_slug unique (newsletter_id, slug)
);

create unique index segments_name on segments (newsletter_id, lower(name));

-- Lower case, in order, each once: Audience.TagRules. Only readers who have any are indexed, so that an import of a million who have none pays nothing.
alter table subscribers add column tags text[] not null default '{}';

create index subscribers_tags on subscribers using gin (tags) where tags <> '{}';

-- What went out to a newsletter's readers and when, told to the audience so that a filter can speak of "the last 5 issues".
create table mailings (
    issue_id      bigint      primary key,
    newsletter_id bigint      not null,
    sent_at       timestamptz not null,
    -- When what readers did with it was last entered into engagement; null: not yet.
    rolled_up_at  timestamptz
);

create index mailings_newsletter on mailings (newsletter_id, issue_id);

insert into mailings (issue_id, newsletter_id, sent_at)
select id, newsletter_id, coalesce(frozen_at, created_at) from issues where frozen_at is not null;

-- What readers did, rolled up: of each kind the latest issue. No filter asks for more: its windows all end now. Ids of issues rise with time.
create table engagement (
    subscriber_id   bigint not null references subscribers on delete cascade,
    newsletter_id   bigint not null,
    -- A relay accepted it.
    received_issue  bigint,
    clicked_issue   bigint,
    voted_issue     bigint,
    primary key (subscriber_id, newsletter_id)
) with (fillfactor = 70);

-- The segment an issue was frozen for, and its filter as it then was; null: everyone of the tier.
alter table issues add column segment text, add column segment_filter text;
