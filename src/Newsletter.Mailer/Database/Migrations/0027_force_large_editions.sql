-- The revision whose author wants it sent however large it is; a change of the text asks anew.
alter table editions add column size_forced_revision integer;
