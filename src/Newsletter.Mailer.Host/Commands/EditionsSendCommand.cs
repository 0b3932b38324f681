using System.CommandLine;
using Hangfire;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Host.Jobs;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter editions send</c>: a file becomes an edition and goes out, at once or at its time.</summary>
internal static class EditionsSendCommand
{
    private static readonly TimeSpan s_freshHeartbeat = TimeSpan.FromMinutes(1);

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The edition's Markdown; - for standard input.", HelpName = "FILE.md" };
        var newsletter = new Option<string?>("--newsletter") { Description = "Slug of the newsletter. Default: the one in the front matter.", HelpName = "SLUG" };
        var at = new Option<string?>("--at") { Description = "Local time it goes out, such as 2031-05-06T08:00. Default: now.", HelpName = "LOCAL" };
        var zone = new Option<string?>("--zone") { Description = "IANA zone of --at. Default: the newsletter's.", HelpName = "ZONE" };
        var slot = new Option<string?>("--slot") { Description = "next: the next time of the newsletter's cadence that no other edition has.", HelpName = "next" };
        slot.AcceptOnlyFromAmong("next");
        var force = new Option<string?>("--force") { Description = "html-too-large: send it however large it is.", HelpName = "html-too-large" };
        force.AcceptOnlyFromAmong("html-too-large");
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("send", "Keep a file as an edition and send it with the pictures beside it, now or at a time. A running server or worker does the sending.")
        {
            file, newsletter, at, zone, slot, force, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(slot) is not null && (result.GetValue(at) ?? result.GetValue(zone)) is not null)
                result.AddError("--slot stands alone: give either --slot next, or --at and --zone.");
            else if (result.GetValue(zone) is not null && result.GetValue(at) is null)
                result.AddError("--zone needs --at.");
        });
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var path = parsed.GetValue(file)!;
            if (await EditionFiles.ReadAsync(path, terminal, stop) is not { } source)
                return Terminal.Failure;
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var wish = new Wish(parsed.GetValue(newsletter), parsed.GetValue(at), parsed.GetValue(zone), parsed.GetValue(slot) is not null, parsed.GetValue(force) is not null);
            return await new Sending(rooms, terminal, parsed.GetValue(json)).RunAsync(path, source, wish, stop);
        });
        return command;
    }

    private sealed record Wish(string? Newsletter, string? At, string? Zone, bool NextSlot, bool SizeForced);

    private sealed class Sending(OpenRooms rooms, Terminal terminal, bool asJson)
    {
        public async Task<int> RunAsync(string path, string source, Wish wish, CancellationToken stop)
        {
            var pictures = await EditionPictures.KeepAsync(rooms.Host.Services, path, source, stop);
            if (pictures.Problems.Count > 0)
                return Fail(pictures.Problems);
            if (await rooms.Get<EditionDesk>().CreateAsync(wish.Newsletter, source, stop) is var change && change is not EditionChange.Saved(var edition))
                return Fail([.. EditionProblems.Sentences(change)]);
            await pictures.NameInAsync(edition.Id, stop);
            var scheduler = rooms.Get<EditionScheduler>();
            var outcome = wish switch
            {
                { NextSlot: true } => await scheduler.ScheduleNextAsync(edition.Id, stop, wish.SizeForced),
                { At: { } at } => await scheduler.ScheduleAsync(edition.Id, at, wish.Zone, stop, wish.SizeForced),
                _ => await scheduler.PublishNowAsync(edition.Id, stop, wish.SizeForced),
            };
            if (Problems(outcome) is not { } problems)
                return await DoneAsync(edition, outcome, stop);
            // What can't be sent isn't kept either, so that the mended file can take its number.
            await rooms.Get<EditionStore>().DeleteAsync(edition.Id, stop);
            return Fail(problems);
        }

        private async Task<int> DoneAsync(Edition edition, ScheduleOutcome outcome, CancellationToken stop)
        {
            var when = (outcome as ScheduleOutcome.Scheduled)?.When;
            if (when is null)
                rooms.Get<IJobStarter>().Publish(edition.Id);
            else
                rooms.Get<IJobStarter>().PublishAt(edition.Id, when.Instant);
            if (asJson)
                terminal.WriteJson(EditionAnswer.Summary((await rooms.Get<EditionStore>().FindAsync(edition.Id, stop))!));
            else
                terminal.Output.WriteLine(Sentence(edition, when));
            if (when?.Note is { } note)
                terminal.Error.WriteLine(note);
            if (!AnyWorker())
                terminal.Error.WriteLine("No server or worker is running: it goes out once one is started ('newsletter serve'). An hour late it is held for you instead.");
            return Terminal.Success;
        }

        private static string Sentence(Edition edition, LocalTime? when)
        {
            var name = $"Edition {edition.Number} of {edition.Newsletter} (id {edition.Id})";
            return when is null ? $"{name} goes out now." : FormattableString.Invariant($"{name} goes out on {when.Local:yyyy-MM-dd} at {when.Local:HH:mm} {when.Zone}.");
        }

        private bool AnyWorker()
        {
            var oldest = rooms.Get<TimeProvider>().GetUtcNow().UtcDateTime - s_freshHeartbeat;
            return rooms.Get<JobStorage>().GetMonitoringApi().Servers()
                .Any(server => server.Heartbeat > oldest && server.Queues.Contains(JobQueues.Control, StringComparer.Ordinal));
        }

        private int Fail(IReadOnlyList<string> problems)
        {
            terminal.Fail(problems.Count == 1 ? problems[0] : "The edition can't be sent as it stands:");
            foreach (var problem in problems.Count == 1 ? [] : problems)
                terminal.Error.WriteLine($"  {problem}");
            return Terminal.Failure;
        }

        private static IReadOnlyList<string>? Problems(ScheduleOutcome outcome) => outcome switch
        {
            ScheduleOutcome.Scheduled or ScheduleOutcome.PublishingNow => null,
            ScheduleOutcome.Invalid(var field, var problem) => [$"--{field}: {problem}"],
            ScheduleOutcome.NotReady(var problems) => problems,
            _ => ["Somebody else changed the edition in the same moment. Try again."],
        };
    }
}
