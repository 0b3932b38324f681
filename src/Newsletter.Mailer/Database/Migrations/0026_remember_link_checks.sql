-- What was found behind the links of editions, so that looking twice asks nobody twice. By hash: a URL may be longer than an index row.
create table link_checks (
    sha256       bytea       primary key,
    url          text        not null,
    verdict      text        not null check (verdict in ('fine', 'dead', 'unreachable', 'private')),
    detail       text,
    bytes        bigint,
    content_type text,
    checked_at   timestamptz not null
);

create index link_checks_age on link_checks (checked_at);
