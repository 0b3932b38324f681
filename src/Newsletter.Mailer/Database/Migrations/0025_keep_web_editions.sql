-- An edition as the web shows it, frozen with its issue: what somebody sees of whom nothing is known. No text where it is gated.
create table issue_pages (
    issue_id    bigint primary key references issues on delete cascade,
    language    text   not null,
    -- The day it bears.
    day         date   not null,
    byline      text,
    description text   not null,
    html        text,
    -- Why its text isn't shown: it is for premium readers, or it was frozen before pages were and can't be rendered any more.
    gate        text   check (gate in ('premium', 'unreadable')),
    sha256      bytea  not null,
    check ((html is null) = (gate is not null))
);

-- What was published for everyone. A digest is no more than a list of what is there; what was for a segment concerned nobody else.
create view archived_editions as
select i.id as issue_id, i.newsletter_id, i.sent_date, e.number, e.slug, e.title, e.author, e.tier
from issues i join editions e on e.id = i.edition_id
where i.kind = 'issue' and i.segment is null and i.state not in ('freezing', 'failed', 'cancelling', 'cancelled');

create index issues_archive on issues (newsletter_id, sent_date, id) where kind = 'issue' and segment is null;

-- Whether search engines may list the archive and its editions.
alter table newsletters add column indexed boolean not null default true;
