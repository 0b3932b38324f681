-- What came in by a sign-up form, whoever it speaks of: what becomes of it is decided when its mail is made, not while the form waits.
create table sign_ups (
    id              bigint generated always as identity primary key,
    newsletter_id   bigint      not null references newsletters,
    -- Null once its owner said that it wasn't them.
    address         text,
    language        text        not null,
    form            text        not null check (form in ('page', 'embed', 'api', 'again')),
    -- What the form said that the reader agrees to, word for word.
    wording         text        not null,
    ip              inet,
    -- Its network, as the limits count.
    network         text        not null,
    state           text        not null default 'asked' check (state in ('asked', 'mailed', 'dropped', 'confirmed', 'refused')),
    -- Why no mail went out: suppressed, refused (its owner had said that it wasn't them) or limit.
    dropped_because text,
    created_at      timestamptz not null default now(),
    mailed_at       timestamptz,
    confirmed_at    timestamptz
);

create index sign_ups_address on sign_ups (lower(address), id);
create index sign_ups_network on sign_ups (network, created_at);
create index sign_ups_created on sign_ups (created_at);

-- Append-only: what a reader agreed to or took back, in which words, when, by which form, from where, confirmed how.
create table consents (
    id            bigint generated always as identity primary key,
    newsletter_id bigint      not null references newsletters,
    -- Not a reference: the row outlives the reader, who is then only a keyed hash.
    subscriber_id bigint,
    address_hash  bytea,
    action        text        not null check (action in ('asked', 'confirmed', 'chosen', 'withdrawn', 'restored')),
    wording       text,
    language      text,
    -- page, embed, api, again; preferences; unsubscribe.
    form          text        not null,
    ip            inet,
    -- mailed_link: by a link that only the address was sent. one_click: by the mail program (RFC 8058).
    how           text,
    -- Why they left, where they said so: one of the page's choices, and their own words.
    reason        text,
    note          text,
    at            timestamptz not null default now(),
    check ((subscriber_id is null) = (address_hash is not null))
);

create index consents_subscriber on consents (subscriber_id, id) where subscriber_id is not null;
create index consents_address_hash on consents (address_hash, id) where address_hash is not null;

-- The one change there is: an erased reader becomes a hash, and what tells of the person goes.
create function consents_only_grow() returns trigger language plpgsql as '
begin
    if tg_op = ''UPDATE'' and old.subscriber_id is not null and new.subscriber_id is null and new.address_hash is not null
       and new.ip is null and new.note is null
       and (new.id, new.newsletter_id, new.action, new.wording, new.language, new.form, new.how, new.reason, new.at)
           is not distinct from (old.id, old.newsletter_id, old.action, old.wording, old.language, old.form, old.how, old.reason, old.at) then
        return new;
    end if;
    raise restrict_violation using message = ''consents only grow: no row of them is changed or deleted'';
end';

create trigger consents_only_grow before update or delete on consents
    for each row execute function consents_only_grow();
create trigger consents_are_kept before truncate on consents
    for each statement execute function consents_only_grow();
