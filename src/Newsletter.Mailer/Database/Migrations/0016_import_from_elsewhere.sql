-- What a file of another program says of its readers beyond name and attributes.
alter table imports
    -- Whose export it was taken for: plain, newsletter, listmonk, mailchimp, substack, beehiiv, ghost, buttondown, kit; auto until its header is read.
    add column source       text    not null default 'auto',
    -- What each column became: [{"column", "becomes"}].
    add column mapping      jsonb   not null default '[]',
    -- Counts what it would do, and does nothing.
    add column dry_run      boolean not null default false,
    -- created + updated + unchanged = subscribed + already_subscribed + kept_unsubscribed + kept_pending + unsubscribed + pending.
    add column unsubscribed bigint  not null default 0,
    add column pending      bigint  not null default 0,
    -- New suppressions; their rows are among the suppressed.
    add column suppressions bigint  not null default 0;

alter table import_rows
    add column tags          text[],
    -- pending, unsubscribed, bounced, complained or blocked; null: active.
    add column wanted        text,
    add column tier          text,
    add column language      text,
    add column time_zone     text,
    add column subscribed_at timestamptz;
