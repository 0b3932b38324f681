-- What the connections of a worker said since that was last entered in the ledger: one row a commit and batch, where there was an
-- update of a delivery before each message and another after it. Whoever takes a batch over enters what its owner left here first.
create table ledger_journal (
    issue_id bigint  not null,
    batch_no integer not null,
    fence    bigint  not null,
    -- One worker's run of writes, and the place in it.
    writer   uuid    not null,
    write_no bigint  not null,
    -- Which messages were begun, which were accepted: LedgerLine says how.
    lines    bytea   not null,
    primary key (issue_id, batch_no, writer, write_no)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_threshold = 1000000);
