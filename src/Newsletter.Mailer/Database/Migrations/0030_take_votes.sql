-- What an issue asks its readers, fixed at the freeze.
create table polls (
    issue_id   bigint   not null references issues on delete cascade,
    poll_no    smallint not null,
    question   text     not null,
    options    text[]   not null,
    anonymous  boolean  not null,
    comments   boolean  not null,
    -- Until when votes count; null: until somebody closes it.
    closes_at  timestamptz,
    -- When somebody did, in time or not; null again where they opened it anew.
    closed_at  timestamptz,
    primary key (issue_id, poll_no)
);

-- One a reader and poll. Who it is stands there as a hash that nobody can take back without the key ring where the poll is anonymous
-- (Links/VoterHash), and then the reader doesn't, nor the minute; else as the reader's number. Of a reader who was erased nothing is left but the choice.
create table votes (
    id            bigint generated always as identity primary key,
    issue_id      bigint      not null,
    poll_no       smallint    not null,
    voter         bytea       not null,
    subscriber_id bigint,
    choice        smallint    not null,
    comment       text,
    voted_at      timestamptz not null,
    changed_at    timestamptz,
    constraint votes_once unique (issue_id, poll_no, voter),
    foreign key (issue_id, poll_no) references polls on delete cascade
);

create index votes_voter on votes using hash (voter);
create index votes_choice on votes (issue_id, poll_no, choice);
create index votes_subscriber on votes (subscriber_id, issue_id) where subscriber_id is not null;
