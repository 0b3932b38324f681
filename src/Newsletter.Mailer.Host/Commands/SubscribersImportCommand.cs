using System.CommandLine;
using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter subscribers import</c>: a CSV of readers, as over HTTP.</summary>
internal static class SubscribersImportCommand
{
    private const int ProblemsShown = 20;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The CSV; its columns are email, name, first_name, and attributes for the rest. - for standard input.", HelpName = "FILE.csv" };
        var newsletter = new Option<string>("--newsletter") { Description = "Slug of the newsletter they subscribe to.", HelpName = "SLUG", Required = true };
        var tier = new Option<string>("--tier") { Description = "Tier of new subscriptions: free or premium.", DefaultValueFactory = _ => "free", HelpName = "TIER" };
        tier.AcceptOnlyFromAmong("free", "premium");
        var source = new Option<string>("--source") { Description = "Whose export it is: auto (seen from its columns), plain, newsletter, listmonk, mailchimp, substack, beehiiv, ghost, buttondown, kit, or other: a list that says who left.", DefaultValueFactory = _ => "auto", HelpName = "SOURCE" };
        source.AcceptOnlyFromAmong([.. Enum.GetNames<ImportSource>().Select(name => name.ToLowerInvariant())]);
        var status = new Option<string>("--status") { Description = "What all rows are, whatever they say: unsubscribed (a file of those who left) or pending.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong("unsubscribed", "pending");
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what each column becomes and count what would be done, and do nothing." };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("import", "Import readers from CSV. Repeating it is harmless; who unsubscribed or is suppressed stays so.")
        {
            file, newsletter, tier, source, status, dryRun, config, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var path = parsed.GetValue(file)!;
            if (path != "-" && !File.Exists(path))
                return terminal.Fail($"There is no file {Path.GetFullPath(path)}.");
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var created = await rooms.Get<ImportStore>().CreateAsync(
                parsed.GetValue(newsletter), parsed.GetValue(tier), parsed.GetValue(source), parsed.GetValue(dryRun), stop, parsed.GetValue(status));
            if (created is AudienceOutcome<Import>.Invalid(var problems))
                return terminal.Fail(string.Join(" ", problems.Select(problem => problem.Problem)));
            var id = ((AudienceOutcome<Import>.Created)created).Value.Id;
            await using var csv = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            return await RunAsync(rooms, id, csv, parsed.GetValue(json), terminal, stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(OpenRooms rooms, long id, Stream csv, bool asJson, Terminal terminal, CancellationToken stop)
    {
        var import = rooms.Get<SubscriberImport>();
        var length = csv.CanSeek ? csv.Length : (long?)null;
        var outcome = await ImportProgressBar.ShowAsync(terminal, length, async progress =>
            await import.ReceiveAsync(id, csv, progress, stop) is ReceiveOutcome.Refused(var reason)
                ? new MergeOutcome.Failed(reason)
                : await import.MergeAsync(id, progress, stop));
        if (outcome is MergeOutcome.Busy)
        {
            // A server that runs beside took it from the queue of unfinished imports in this very moment.
            terminal.Error.WriteLine($"A worker goes on with import {id}; ask GET /api/imports/{id} how far it is.");
            return Terminal.Success;
        }

        if (outcome is not MergeOutcome.Finished(var done))
            return terminal.Fail(outcome is MergeOutcome.Failed(var why) ? why : $"Import {id} could not be received.");
        TellMapping(done, terminal);
        await TellProblemsAsync(rooms, done, terminal, stop);
        if (asJson)
            terminal.WriteJson(done);
        else
            terminal.Output.WriteLine(Summary(done));
        return Terminal.Success;
    }

    private static void TellMapping(Import done, Terminal terminal)
    {
        if (done.Source is ImportSource.Plain && !done.DryRun)
            return;
        terminal.Error.WriteLine($"Taken for {Kind(done.Source)}:");
        foreach (var column in done.Mapping)
            terminal.Error.WriteLine($"  {column.Column} → {column.Becomes}");
    }

    private static string Kind(ImportSource source) => source switch
    {
        ImportSource.Plain => "a plain list",
        ImportSource.Other => "a list that says who left",
        _ => $"an export of {source.ToString().ToLowerInvariant()}",
    };

    private static async Task TellProblemsAsync(OpenRooms rooms, Import done, Terminal terminal, CancellationToken stop)
    {
        if (done.Invalid == 0)
            return;
        var page = await rooms.Get<ImportStore>().ProblemsAsync(done.Id, new PageRequest(Cursor.Start, ProblemsShown), stop);
        foreach (var problem in page.Items)
            terminal.Error.WriteLine($"line {problem.Line}{(problem.Column is null ? "" : $", {problem.Column}")}: {problem.Reason}");
        if (done.Invalid > page.Items.Count)
            terminal.Error.WriteLine($"… and {done.Invalid - page.Items.Count} more; GET /api/imports/{done.Id}/problems lists them.");
    }

    private static string Summary(Import done) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(done.DryRun ? "A dry run, nothing was done. " : "")}{done.Rows:N0} rows: {done.Created:N0} new readers, {done.Updated:N0} changed, {done.Unchanged:N0} as they were; {done.Subscribed:N0} new subscriptions to {done.Newsletter}; left out: {done.Invalid:N0} wrong, {done.Duplicates:N0} given twice, {done.Suppressed:N0} suppressed; left unsubscribed: {done.KeptUnsubscribed:N0}{More(done)}.");

    private static string More(Import done) => done.Unsubscribed + done.Pending + done.Suppressions + done.AlsoUnsubscribed == 0 ? "" : string.Create(
        CultureInfo.InvariantCulture, $"; by what the file says: {done.Unsubscribed:N0} unsubscribed, {done.Pending:N0} to be confirmed, {done.Suppressions:N0} suppressed anew{(done.AlsoUnsubscribed == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and {done.AlsoUnsubscribed:N0} unsubscribed by rows that are left out"))}");
}
