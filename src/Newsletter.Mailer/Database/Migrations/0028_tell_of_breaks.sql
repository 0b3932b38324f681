-- A break, and its end, are told where the rest of a reader's choices is.
alter table consents drop constraint consents_action_check;
alter table consents add constraint consents_action_check check (action in ('asked', 'confirmed', 'chosen', 'paused', 'resumed', 'withdrawn', 'restored'));
