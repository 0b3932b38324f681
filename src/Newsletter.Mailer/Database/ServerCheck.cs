using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>Opens a first connection and turns what can go wrong with it into messages for a person.</summary>
internal static class ServerCheck
{
    /// <summary>Returns when the server answers and is new enough; a server that is still starting is waited for.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be used; the message says what to do.</exception>
    public static async Task RunAsync(NpgsqlDataSource source, TimeSpan patience, ILogger log, CancellationToken stop)
    {
        var where = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        var clock = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stop);
                RefuseOld(connection.PostgreSqlVersion, where);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.CannotConnectNow && Stopwatch.GetElapsedTime(clock) < patience)
            {
                log.WaitingForServer(e.MessageText);
                await Task.Delay(250, stop);
            }
            catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
            {
                throw Explain(e, where);
            }
        }
    }

    /// <summary>The message for a failed connection.</summary>
    public static DatabaseUnavailableException Explain(Exception error, NpgsqlConnectionStringBuilder where) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused => new(
            DatabaseProblem.LoginRefused,
            $"The PostgreSQL server at {Server(where)} refused the user {where.Username}: {refused.MessageText}. "
            + "Check Username and Password in ConnectionStrings:Newsletter, and pg_hba.conf on the server.", refused),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } missing => new(
            DatabaseProblem.DatabaseMissing,
            $"The PostgreSQL server at {Server(where)} has no database {where.Database ?? where.Username}. "
            + $"Create it there (createdb --owner={where.Username} {where.Database ?? where.Username}), or correct Database in ConnectionStrings:Newsletter.", missing),
        PostgresException other => new(
            DatabaseProblem.Unreachable,
            $"The PostgreSQL server at {Server(where)} admits no connection: {other.MessageText} ({other.SqlState}). "
            + "Mend that on the server, then start again.", other),
        _ => new(
            DatabaseProblem.Unreachable,
            $"No PostgreSQL server answers at {Server(where)}: {(error.InnerException ?? error).Message.TrimEnd('.')}. "
            + "Start it, or correct Host and Port in ConnectionStrings:Newsletter; without that setting the program runs a private PostgreSQL of its own.", error),
    };

    private static void RefuseOld(Version version, NpgsqlConnectionStringBuilder where)
    {
        if (version.Major < PostgresPrograms.OldestMajor)
            throw new DatabaseUnavailableException(DatabaseProblem.ServerTooOld,
                $"The PostgreSQL server at {Server(where)} is version {version}; {PostgresPrograms.OldestMajor} is the oldest supported. "
                + "Upgrade it, or point ConnectionStrings:Newsletter at a newer one.");
    }

    private static string Server(NpgsqlConnectionStringBuilder where) =>
        where.Host!.StartsWith('/') ? where.Host : $"{where.Host}:{where.Port}";
}
