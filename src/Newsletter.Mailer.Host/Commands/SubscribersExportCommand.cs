using System.CommandLine;
using System.Globalization;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter subscribers export</c>: readers as CSV, as over HTTP.</summary>
internal static class SubscribersExportCommand
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var newsletter = new Option<string>("--newsletter") { Description = "Slug of the newsletter whose readers they are.", HelpName = "SLUG", Required = true };
        var segment = new Option<string?>("--segment") { Description = "Only those of this segment, by its slug or name.", HelpName = "SEGMENT" };
        var status = new Option<string?>("--status") { Description = "Only those in this status: active, pending or unsubscribed.", HelpName = "STATUS" };
        var file = new Option<string?>("--output") { Description = "The file to write. Default: standard output.", HelpName = "FILE.csv" };
        var config = CommonOptions.Config();
        var command = new Command("export", "Export readers as CSV, any number of them; it can be imported again, and no cell is a formula.") { newsletter, segment, status, file, config };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var outcome = await rooms.Get<ExportStore>().FindAsync(parsed.GetValue(newsletter), parsed.GetValue(segment), parsed.GetValue(status), stop);
            if (outcome is AudienceOutcome<ExportQuery>.Invalid(var problems))
                return terminal.Fail(string.Join(" ", problems.Select(problem => $"{problem.Field}: {problem.Problem}")));
            var query = ((AudienceOutcome<ExportQuery>.Found)outcome).Value;
            var path = parsed.GetValue(file);
            await using var output = path is null ? Console.OpenStandardOutput() : File.Create(path);
            var rows = await rooms.Get<SubscriberExport>().WriteAsync(query, output, new Lines(terminal), stop);
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} readers exported."));
            return Terminal.Success;
        });
        return command;
    }

    private sealed class Lines(Terminal terminal) : IProgress<long>
    {
        private long _told = TimeProvider.System.GetTimestamp();

        public void Report(long value)
        {
            if (TimeProvider.System.GetElapsedTime(_told) < BetweenLines)
                return;
            _told = TimeProvider.System.GetTimestamp();
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {value:N0} readers"));
        }
    }
}
