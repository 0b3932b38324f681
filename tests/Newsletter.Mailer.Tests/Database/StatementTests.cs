using System.Reflection;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Testing;
using Npgsql;

namespace Newsletter.Mailer.Tests.Database;

/// <summary>
/// Every DML statement of every store fits the migrated schema: PostgreSQL itself prepares it. Parameters have no
/// type here, so that one whose type its place doesn't tell is cast in the statement (<c>now() + @lease::interval</c>).
/// </summary>
public sealed class StatementTests : DatabaseTest
{
    public static TheoryData<string> Stores => [.. StoresOf(typeof(DatabaseHost).Assembly).Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task EveryStatementOfAStoreFitsTheSchema(string store)
    {
        var problems = await CheckAsync(typeof(DatabaseHost).Assembly.GetType(store)!);

        Assert.True(problems.Count == 0, string.Join(Environment.NewLine, problems));
    }

    [Fact]
    public async Task StatementsThatDoNotFitAreFound()
    {
        var problems = await CheckAsync(typeof(PlantedStore));

        Assert.Equal(4, problems.Count);
        Assert.Contains(problems, problem => problem.Contains("PlantedStore.WrongColumn", StringComparison.Ordinal) && problem.Contains("colour", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("PlantedStore.WrongTable", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("PlantedStore.WrongCopy", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("Inner.WrongSecond", StringComparison.Ordinal));
    }

    [Fact]
    public void StatementsAreReadAsPostgresReadsThem()
    {
        var statements = SqlStatement.Read("""
            -- @none; here
            select '@a;' || @a, "@b", tags @> @b, $x$ @c; $x$ /* ; @d */ from t where id = @a; delete from t where id = @b
            """);

        Assert.Equal(["""select '@a;' || $1, "@b", tags @> $2, $x$ @c; $x$   from t where id = $1""", "delete from t where id = $1"],
            statements.Select(statement => statement.Text));
        Assert.All(statements, statement => Assert.True(statement.IsDml));
    }

    [Fact]
    public void NoStatementIsInterpolated()
    {
        var sources = Directory.GetFiles(Path.Combine(SharedFolder.Repository, "src"), "*.cs", SearchOption.AllDirectories);

        Assert.NotEmpty(sources);
        Assert.DoesNotContain(sources, file => Regex.IsMatch(File.ReadAllText(file), @"lang=sql\s*\*/\s*@?\$", RegexOptions.CultureInvariant));
    }

    private async Task<List<string>> CheckAsync(Type store)
    {
        var problems = new List<string>();
        var constants = ConstantsOf(store).SelectMany(constant => SqlStatement.Read(constant.Sql).Select(statement => (constant.Name, Statement: statement))).ToList();
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // What a store stages in a temporary table is there before what reads it.
        foreach (var (name, statement) in constants.Where(constant => constant.Statement.MakesTemporaryTable))
            await TryAsync(connection, name, statement.Text, problems);
        foreach (var (name, statement) in constants)
        {
            var sql = statement.IsDml ? statement.Text : statement.CopiedColumns;
            if (sql is not null)
                await PrepareAsync(connection, name, sql, problems);
        }

        return problems;
    }

    // Where nothing tells a parameter's type, the client does: PREPARE has to be told as well.
    private static async Task PrepareAsync(NpgsqlConnection connection, string name, string sql, List<string> problems)
    {
        var types = new List<string>();
        while (true)
        {
            var declared = types.Count > 0 ? $"({string.Join(", ", types)})" : "";
            var error = await ErrorOfAsync(connection, $"prepare checked {declared} as {sql}");
            if (error is null)
            {
                await ErrorOfAsync(connection, "deallocate checked");
                return;
            }

            if (UntypedParameter(error) is not { } number || (types.Count >= number && types[number - 1] == "text"))
            {
                problems.Add($"{name}: {error.MessageText} ({error.SqlState}){Environment.NewLine}{sql}");
                return;
            }

            while (types.Count < number)
                types.Add("unknown");
            types[number - 1] = "text";
        }
    }

    private static int? UntypedParameter(PostgresException error) =>
        error.SqlState == PostgresErrorCodes.IndeterminateDatatype && error.MessageText.Split('$') is [_, var number] && int.TryParse(number, out var parsed)
            ? parsed
            : null;

    private static async Task TryAsync(NpgsqlConnection connection, string name, string sql, List<string> problems)
    {
        if (await ErrorOfAsync(connection, sql) is { } error)
            problems.Add($"{name}: {error.MessageText} ({error.SqlState}){Environment.NewLine}{sql}");
    }

    private static async Task<PostgresException?> ErrorOfAsync(NpgsqlConnection connection, string sql)
    {
        await ExecuteAsync(connection, "savepoint before");
        try
        {
            await ExecuteAsync(connection, sql);
            return null;
        }
        catch (PostgresException e)
        {
            await ExecuteAsync(connection, "rollback to savepoint before");
            return e;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<Type> StoresOf(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.Name.EndsWith("Store", StringComparison.Ordinal) && ConstantsOf(type).Any());

    // A store's constants, its nested types' included.
    private static IEnumerable<(string Name, string Sql)> ConstantsOf(Type type)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return type.GetFields(Own)
            .Where(field => field is { IsLiteral: true } && field.FieldType == typeof(string))
            .Select(field => ($"{type.Name}.{field.Name}", (string)field.GetRawConstantValue()!))
            .Concat(type.GetNestedTypes(Own).SelectMany(ConstantsOf));
    }

    /// <summary>Never run: what the check must find, and what it must not take for an error.</summary>
    private static class PlantedStore
    {
        internal const string Right = "select @any, id from subscribers where lower(address) = lower(@address) and (@after::bigint is null or id > @after)";
        internal const string NoSql = "newsletter";
        internal const string Staging = "create temp table staging (line bigint, address text) on commit drop";
        internal const string RightCopy = "copy staging (line, address) from stdin (format binary)";
        internal const string RightUse = "insert into subscribers (address) select address from staging where line = any(@lines) on conflict do nothing";
        internal const string WrongColumn = "select colour from subscribers where id = @id";
        internal const string WrongTable = "update readers set name = @name";
        internal const string WrongCopy = "copy staging (line, name) from stdin (format binary)";

        internal static class Inner
        {
            internal const string WrongSecond = "delete from subscribers where id = @id; delete from subscribers where number = @id";
        }
    }
}
