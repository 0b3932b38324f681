using Microsoft.Extensions.Logging;
using Npgsql;

namespace Newsletter.Mailer.Database;

/// <summary>Builds data sources with the settings every connection of this program has.</summary>
internal static class Connections
{
    /// <summary>Adds what the connection string leaves open; what it names itself stays.</summary>
    public static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder given, DatabaseOptions options, string applicationName)
    {
        var complete = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        Default("Application Name", applicationName);
        Default("Timeout", options.ConnectTimeoutSeconds);
        Default("Command Timeout", options.CommandTimeoutSeconds);
        Default("Maximum Pool Size", options.MaxPoolSize);
        // A connection whose server vanished without a word is noticed while it waits.
        Default("Keepalive", 30);
        // Readers' pages run the same few statements all day: planned once a connection. A pooler that can't keep them wants 0.
        Default("Max Auto Prepare", 100);
        complete.Timezone = "UTC";
        complete.Multiplexing = false;
        // Details quote rows, and rows hold addresses.
        complete.IncludeErrorDetail = false;
        return complete;

        void Default(string keyword, object value)
        {
            if (!given.ShouldSerialize(keyword)) // whether it was written; ContainsKey says whether it could be
                complete[keyword] = value;
        }
    }

    public static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder connection, ILoggerFactory logs)
    {
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        builder.UseLoggerFactory(logs);
        return builder.Build();
    }

    /// <summary>Reads a connection string a person wrote.</summary>
    /// <exception cref="DatabaseUnavailableException">It can't be read, or names no host.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        const string Expected = "Write it as Host=db.example.org;Database=newsletter;Username=newsletter;Password=….";
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            // Not the exception's own text where it would quote a whole URI, password and all.
            var why = connectionString.Contains("://", StringComparison.Ordinal) ? "it is a URI" : e.Message;
            throw new DatabaseUnavailableException(DatabaseProblem.ConnectionString,
                $"ConnectionStrings:Newsletter can't be read: {why}. {Expected}", connectionString.Contains("://", StringComparison.Ordinal) ? null : e);
        }

        return builder.Host is { Length: > 0 } ? builder : throw new DatabaseUnavailableException(DatabaseProblem.ConnectionString,
            $"ConnectionStrings:Newsletter names no Host. {Expected} Without the setting the program runs a private PostgreSQL of its own.");
    }
}
