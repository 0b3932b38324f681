using DbUp.Engine.Output;
using DbUp.Engine.Transactions;
using DbUp.Postgresql;

namespace Newsletter.Mailer.Database;

/// <summary>DbUp's journal as a table of our kind: keyed by the script's name, its time with a time zone.</summary>
internal sealed class MigrationJournal(Func<IConnectionManager> connections, Func<IUpgradeLog> log, string table)
    : PostgresqlTableJournal(connections, log, schema: null, table)
{
    protected override string CreateSchemaTableSql(string quotedPrimaryKeyName) =>
        $"create table {FqSchemaTableName} (scriptname text primary key, applied_at timestamptz not null)";

    // The database's own clock, as everywhere workers must agree, and not the one DbUp offers.
    protected override string GetInsertJournalEntrySql(string scriptName, string applied) =>
        $"insert into {FqSchemaTableName} (scriptname, applied_at) values ({scriptName}, now())";
}
