using System.CommandLine;
using System.CommandLine.Parsing;
using System.Data.Common;
using System.Net.Sockets;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>The executable's verbs, and what a person reads when one can't be carried out.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command line; 0 only for success.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter? output = null, TextWriter? error = null)
    {
        var invocation = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // The host ends its work in its own time (Web:ShutdownSeconds); nothing here may cut that short.
            ProcessTerminationTimeout = TimeSpan.FromHours(1),
        };
        if (output is not null)
            invocation.Output = output;
        if (error is not null)
            invocation.Error = error;
        var terminal = new Terminal(invocation.Output, invocation.Error);
        try
        {
            var parsed = Root().Parse(args);
            return parsed.Errors.Count > 0 ? Refuse(parsed, terminal) : await parsed.InvokeAsync(invocation);
        }
        catch (Exception e) when (Explain(e) is { } message)
        {
            return terminal.Fail(message);
        }
    }

    /// <summary>All verbs; without one, <c>serve</c>.</summary>
    internal static RootCommand Root()
    {
        var root = new RootCommand("Newsletter.Mailer: write an edition in Markdown, send it to every reader, and know who got it and who didn't, and why.");
        var serve = ServeCommand.Create();
        foreach (var option in serve.Options)
            root.Options.Add(option);
        root.Action = serve.Action;
        root.Subcommands.Add(serve);
        root.Subcommands.Add(DemoCommand.Create());
        root.Subcommands.Add(RehearseCommand.Create());
        root.Subcommands.Add(InboxCommand.Create());
        root.Subcommands.Add(FaultsCommand.Create());
        root.Subcommands.Add(MigrateCommand.Create());
        root.Subcommands.Add(AdoptCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(new Command("keys", "API keys, the keys that sign mail, and the copy of the keys behind links.") { KeysCreateCommand.Create(), KeysDkimCommand.Create(), KeysVerifyBackupCommand.Create() });
        root.Subcommands.Add(new Command("editions", "Editions.") { EditionsCheckCommand.Create(), EditionsPreviewCommand.Create(), EditionsSendCommand.Create() });
        root.Subcommands.Add(new Command("subscribers", "Subscribers.") { SubscribersImportCommand.Create(), SubscribersExportCommand.Create() });
        root.Subcommands.Add(new Command("bounces", "Mail that came back.") { BouncesReadCommand.Create() });
        root.Subcommands.Add(DigestsCommands.Create());
        root.Subcommands.Add(WhyCommand.Create());
        return root;
    }

    private static int Refuse(ParseResult parsed, Terminal terminal)
    {
        foreach (var error in parsed.Errors)
            terminal.Fail(Readable(error.Message));
        var verb = string.Join(' ', parsed.CommandResult.Command is RootCommand ? [] : Path(parsed.CommandResult));
        terminal.Error.WriteLine($"See 'newsletter {verb}{(verb.Length > 0 ? " " : "")}--help'.");
        return Terminal.Failure;
    }

    // The parser names .NET's types.
    private static string Readable(string message) => message
        .Replace("as expected type 'System.Nullable`1[System.Int32]'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.Nullable`1[System.Int64]'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.Int64'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'Newsletter.Mailer.Host.Wiring.HostRole'", "as a role: all, web or worker", StringComparison.Ordinal);

    private static IEnumerable<string> Path(CommandResult command) =>
        command.Parent is CommandResult { Command: not RootCommand } parent ? [.. Path(parent), command.Command.Name] : [command.Command.Name];

    /// <summary>The words for a failure that isn't this program's fault; null for one that is.</summary>
    private static string? Explain(Exception e) => e switch
    {
        ConfigurationException or DatabaseUnavailableException => e.Message,
        // The link-key file says for itself what is wrong with it.
        InvalidDataException => e.Message,
        DbException { IsTransient: true } => $"The connection to the database was lost: {e.Message}. Start again once it is back.",
        OperationCanceledException => "Interrupted.",
        // The inbox says for itself which port it can't have.
        InvalidOperationException { InnerException: SocketException } => e.Message,
        IOException or UnauthorizedAccessException => e.Message,
        _ => null,
    };
}
