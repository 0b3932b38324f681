using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.Sockets;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter inbox</c>: the built-in inbox as a process of its own, for whoever kills and restarts what sends to it.</summary>
internal static class InboxCommand
{
    private static readonly string[] s_capabilities = ["pipelining", "8bitmime", "size", "smtputf8", "chunking", "enhancedstatuscodes"];

    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Loopback port to listen on; 0: any free one, which is printed.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var faults = FaultSource.Option();
        var record = new Option<string?>("--record") { Description = "Add a line of JSON to this file for each message and recipient, before its sender is told that it was taken: number, at, connection, sender, recipient, message_id, sha256, bytes.", HelpName = "FILE" };
        var tls = new Option<string>("--tls") { Description = "none, starttls, or implicit: from the first byte. The certificate is made up at the start.", HelpName = "none|starttls|implicit", DefaultValueFactory = _ => "none" };
        tls.AcceptOnlyFromAmong("none", "starttls", "implicit");
        var login = new Option<string?>("--login") { Description = "Take mail only from whoever logs in with this.", HelpName = "USER:PASSWORD" };
        var without = new Option<string[]>("--without")
        {
            Description = $"Capabilities not to offer: {string.Join(", ", s_capabilities)}.",
            HelpName = "CAPABILITY",
            AllowMultipleArgumentsPerToken = true,
        };
        without.AcceptOnlyFromAmong(s_capabilities);
        var maxBytes = new Option<long>("--max-bytes") { Description = "The largest message taken.", HelpName = "N", DefaultValueFactory = _ => new InboxOptions().MaxMessageBytes };
        var json = new Option<bool>("--json") { Description = "End with the totals as one line of JSON." };
        var command = new Command("inbox", "Take mail on a loopback port, deliver it nowhere, and misbehave as told. Prints its port as JSON when ready; ends on Ctrl-C or SIGTERM. Needs no database.")
        {
            port, faults, record, tls, login, without, maxBytes, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            if (await FaultSource.ReadAsync(parsed.GetValue(faults), terminal, stop) is not { } plan)
                return Terminal.Failure;
            var options = Options(parsed.GetValue(port), parsed.GetValue(tls)!, parsed.GetValue(without) ?? [], parsed.GetValue(maxBytes));
            if (parsed.GetValue(login) is { } pair && !TakeLogin(options, pair))
                return terminal.Fail("--login must be USER:PASSWORD, neither of them empty.");
            return await new Standing(terminal, plan, parsed.GetValue(json)).RunAsync(options, parsed.GetValue(record), stop);
        });
        return command;
    }

    private static InboxOptions Options(int port, string tls, string[] without, long maxBytes) => new()
    {
        Port = port,
        // Runs for days and millions of messages: hashes say enough.
        KeptBodies = 0,
        MaxMessageBytes = maxBytes,
        StartTls = tls == "starttls",
        ImplicitTls = tls == "implicit",
        RequireTls = tls == "starttls",
        Pipelining = !without.Contains("pipelining", StringComparer.Ordinal),
        EightBitMime = !without.Contains("8bitmime", StringComparer.Ordinal),
        Size = !without.Contains("size", StringComparer.Ordinal),
        SmtpUtf8 = !without.Contains("smtputf8", StringComparer.Ordinal),
        Chunking = !without.Contains("chunking", StringComparer.Ordinal),
        EnhancedStatusCodes = !without.Contains("enhancedstatuscodes", StringComparer.Ordinal),
    };

    private static bool TakeLogin(InboxOptions options, string pair)
    {
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || colon == pair.Length - 1)
            return false;
        (options.UserName, options.Password, options.RequireAuthentication) = (pair[..colon], pair[(colon + 1)..], true);
        return true;
    }

    private sealed class Standing(Terminal terminal, FaultPlan plan, bool asJson)
    {
        public async Task<int> RunAsync(InboxOptions options, string? record, CancellationToken stop)
        {
            if (Problem(options) is { } problem)
                return terminal.Fail(problem);
            using var file = record is null ? null : InboxRecord.Open(record);
            await using var inbox = new InboxServer(options, plan.ToCountedScript());
            inbox.Messages.Arriving = file is null ? null : file.Write;
            try
            {
                await inbox.StartAsync(stop);
            }
            catch (InvalidOperationException e) when (e.InnerException is SocketException refused)
            {
                return terminal.Fail($"Port {options.Port} of {options.Address} can't be listened on ({refused.SocketErrorCode}). Stop what listens there, or name another with --port (0: any free one).");
            }

            terminal.WriteJson(new { Host = options.Address, inbox.Port, Pid = Environment.ProcessId });
            terminal.Error.WriteLine($"Taking mail on {inbox.EndPoint}{(plan.Lines.Count > 0 ? $", with {plan.Lines.Count} fault rules" : "")}. Ctrl-C ends it.");
            var broken = await WaitAsync(file, stop);
            // Connections are told and closed before anything is counted.
            await inbox.DisposeAsync();
            Tell(inbox);
            return broken is null ? Terminal.Success : terminal.Fail($"The record {Path.GetFullPath(record!)} can't be written any more: {broken.Message} Nothing was taken that isn't in it.");
        }

        private static string? Problem(InboxOptions options)
        {
            var problems = new List<ValidationResult>();
            if (Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
                return null;
            return problems[0].MemberNames.FirstOrDefault() switch
            {
                nameof(InboxOptions.Port) => "--port must be from 0 to 65535.",
                nameof(InboxOptions.MaxMessageBytes) => string.Create(CultureInfo.InvariantCulture, $"--max-bytes must be from 1 to {int.MaxValue}."),
                _ => problems[0].ErrorMessage,
            };
        }

        /// <returns>Why the record can't be written; null where it was told to stop.</returns>
        private static async Task<Exception?> WaitAsync(InboxRecord? file, CancellationToken stop)
        {
            var stopped = Task.Delay(Timeout.Infinite, stop);
            return file is not null && await Task.WhenAny(file.Failed, stopped) == file.Failed ? await file.Failed : await Quietly(stopped);
        }

        private static async Task<Exception?> Quietly(Task stopped)
        {
            await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }

        private void Tell(InboxServer inbox)
        {
            var met = FaultsMet.Of(inbox, plan);
            foreach (var fault in met.Where(fault => fault.Times > 0))
                terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fault.Times,9:N0} × {fault.Rule}"));
            if (asJson)
                terminal.WriteJson(new { Messages = inbox.Messages.Count, Recipients = inbox.Messages.DistinctRecipients, MessageIds = inbox.Messages.DistinctMessageIds, Connections = inbox.ConnectionsOpened, Faults = met });
            else
                terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inbox.Messages.Count:N0} messages to {inbox.Messages.DistinctRecipients:N0} recipients over {inbox.ConnectionsOpened:N0} connections."));
        }
    }
}
