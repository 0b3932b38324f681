using System.Data.Common;
using System.Globalization;

namespace Newsletter.Mailer.Doctor;

/// <summary>The database server: what it may lose, how it is set, and whether its clock is ours.</summary>
public sealed class DatabaseCheck(InstallationStore store, TimeProvider clock) : ICheck
{
    private const int LeastVersion = 150_000;
    private const long DefaultBuffers = 128L << 20;
    private static readonly TimeSpan s_noticeable = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_harmful = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        try
        {
            var before = clock.GetUtcNow();
            var server = await store.ServerAsync(stop);
            var ours = before + ((clock.GetUtcNow() - before) / 2);
            return [.. Settings(server).All, .. Clock(server.Now - ours).All];
        }
        catch (DbException e)
        {
            return new Findings("postgres").Fail("", $"The database can't be asked: {e.Message}").All;
        }
    }

    private static Findings Settings(DatabaseServer server)
    {
        var findings = new Findings("postgres");
        if (server.Version < LeastVersion)
            findings.Fail("", $"PostgreSQL {server.VersionText} is too old: 15 or newer is needed.");
        if (!server.Fsync || !server.FullPageWrites)
            findings.Fail("", "After a power cut the ledger may be damaged, and readers mailed twice or not at all: fsync or full_page_writes is off.", "alter system set fsync = on; alter system set full_page_writes = on; select pg_reload_conf();");
        if (!server.SynchronousCommit)
            findings.Fail("", "After a crash of the server readers may be mailed twice: synchronous_commit is off.", "alter system set synchronous_commit = on; select pg_reload_conf();");
        if (!server.Autovacuum)
            findings.Fail("", "Dead rows are never cleared away: autovacuum is off.", "alter system set autovacuum = on; select pg_reload_conf();");
        if (server.Connections > server.MaxConnections * 8 / 10)
            findings.Warn("", string.Create(CultureInfo.InvariantCulture, $"{server.Connections} of {server.MaxConnections} connections are taken; a worker uses up to 40."), "alter system set max_connections = 200;  -- and restart the server");
        if (server.SharedBuffers <= DefaultBuffers)
            findings.Note("", "shared_buffers is as small as it comes (128 MB): with more than some 100,000 readers, give it a quarter of the machine's memory.", "alter system set shared_buffers = '1GB';  -- and restart the server");
        if (!server.Checksums)
            findings.Note("", "Data checksums are off: a damaged disk would be noticed late.", "pg_checksums --enable  # while the server is stopped");
        return findings.All.Any(found => found.Level >= FindingLevel.Warning) ? findings : findings.Ok("", $"PostgreSQL {server.VersionText} keeps what it has committed.");
    }

    private static Findings Clock(TimeSpan ahead)
    {
        var (findings, off) = (new Findings("clock"), ahead.Duration());
        var said = string.Create(CultureInfo.InvariantCulture, $"This machine's clock is {off.TotalSeconds:0.0} s {(ahead > TimeSpan.Zero ? "behind" : "ahead of")} the database's");
        const string Remedy = "timedatectl set-ntp true";
        return off > s_harmful ? findings.Fail("", $"{said}: dates of messages, signatures and expiring links are wrong.", Remedy)
            : off > s_noticeable ? findings.Warn("", $"{said}.", Remedy)
            : findings.Ok("", "This machine and the database agree on the time.");
    }
}
