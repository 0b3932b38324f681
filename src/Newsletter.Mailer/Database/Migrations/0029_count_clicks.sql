-- What a newsletter wants to know of its readers' reading; null: nothing. See Audience/NewsletterMeasuring.
alter table newsletters add column measuring jsonb;

-- Where the measured links of an issue lead: nothing else can be reached by way of us.
create table links (
    issue_id bigint  not null references issues on delete cascade,
    link_no  integer not null,
    url      text    not null,
    primary key (issue_id, link_no)
);

-- Who followed a link, how often: a row for each reader and link. Of an anonymous issue the reader is 0 and a visitor stands in its place, the hash
-- of a network address under a key that nobody keeps, so that it can be told from others for a day and never be found out. Of a reader who was
-- erased neither is left. Numbers of machine: visits that no person made.
create table clicks (
    issue_id       bigint      not null,
    link_no        integer     not null,
    subscriber_id  bigint      not null default 0,
    visitor        bytea       not null default '',
    human          integer     not null default 0,
    machine        integer     not null default 0,
    -- Why the last of them was taken for one: method, agent, early, burst.
    machine_reason text,
    first_at       timestamptz not null default now(),
    last_at        timestamptz not null default now(),
    primary key (issue_id, subscriber_id, visitor, link_no),
    foreign key (issue_id, link_no) references links on delete cascade
) with (fillfactor = 80);

create index clicks_link on clicks (issue_id, link_no, subscriber_id);
create index clicks_subscriber on clicks (subscriber_id, issue_id) where subscriber_id <> 0;

-- Who opened an issue, in the same way. Proxy: a mail program's own server fetched the picture, for a person or ahead of one.
create table opens (
    issue_id      bigint      not null references issues on delete cascade,
    subscriber_id bigint      not null default 0,
    visitor       bytea       not null default '',
    human         integer     not null default 0,
    proxy         integer     not null default 0,
    machine       integer     not null default 0,
    first_at      timestamptz not null default now(),
    last_at       timestamptz not null default now(),
    primary key (issue_id, subscriber_id, visitor)
) with (fillfactor = 80);

create index opens_subscriber on opens (subscriber_id, issue_id) where subscriber_id <> 0;
