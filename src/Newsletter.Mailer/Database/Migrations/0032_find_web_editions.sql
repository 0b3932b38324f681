-- An edition belongs to the newsletter of its issues. Said here, one page is found by editions_slug, where before all editions of that name, or all
-- issues of the newsletter, were looked through.
create or replace view archived_editions as
select i.id as issue_id, i.newsletter_id, i.sent_date, e.number, e.slug, e.title, e.author, e.tier
from issues i join editions e on e.id = i.edition_id and e.newsletter_id = i.newsletter_id
where i.kind = 'issue' and i.segment is null and i.state not in ('freezing', 'failed', 'cancelling', 'cancelled');
