-- Every new subscription had its newsletter looked up and locked: a third of what writing a million of them costs, to
-- find the same row each time. Whoever writes one has just found the newsletter by its slug. What is left to guard
-- against is a newsletter that is deleted under its readers.
alter table subscriptions drop constraint subscriptions_newsletter_id_fkey;

create function refuse_to_orphan_subscriptions() returns trigger language plpgsql as '
begin
    if exists (select from subscriptions where newsletter_id = old.id) then
        raise foreign_key_violation using message = ''newsletter '' || old.id || '' still has subscriptions'';
    end if;
    return old;
end';

create trigger newsletters_keep_subscriptions before delete on newsletters
    for each row execute function refuse_to_orphan_subscriptions();
