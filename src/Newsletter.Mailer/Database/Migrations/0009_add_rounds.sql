-- A finished issue is sent again to whom it missed: each such round is counted apart. Of most issues there is only the first.
-- The round a delivery was last queued in.
alter table deliveries add column round smallint not null default 1;

-- A row a round, from the second on; then also for the first. finished_at is null in the last: the issue has it.
create table rounds (
    issue_id    bigint      not null references issues on delete cascade,
    round       integer     not null,
    -- What was asked for: expired, unknown, mailbox_full. Null in the first round.
    statuses    text[],
    started_at  timestamptz not null,
    finished_at timestamptz,
    primary key (issue_id, round)
);

-- Everyone whom the issue had not reached when a round was opened, with what the ledger said until then.
create table resends (
    issue_id     bigint          not null references issues on delete cascade,
    round        integer         not null,
    seq          integer         not null,
    -- Why this round does not send it again; null where it does.
    left_out     text,
    former_round smallint        not null,
    status       delivery_status not null,
    reason       text,
    attempts     smallint        not null,
    relay_id     smallint,
    smtp_code    smallint,
    queue_id     text,
    detail_id    bigint,
    updated_at   timestamptz,
    primary key (issue_id, round, seq)
);
