-- When a person last said that it may go on: every worker then tries its relays anew, whatever it met before.
alter table issues add column resumed_at timestamptz;
