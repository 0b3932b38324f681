using System.CommandLine;
using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter digests list|next|preview|on|off</c>: what was made of each month, and what the next digest would be.</summary>
internal static class DigestsCommands
{
    public static Command Create() => new("digests", "The monthly digest, for readers who chose it in the place of single issues.") { List(), Next(), Preview(), Switch("on"), Switch("off") };

    private static Command List()
    {
        var newsletter = new Option<string?>("--newsletter") { Description = "Slug of the newsletter. Default: all of them.", HelpName = "SLUG" };
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("list", "Say what became of each month, newest first: made, or why there is none.") { newsletter, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            if (parsed.GetValue(newsletter) is { } slug && await rooms.Get<NewsletterStore>().FindAsync(slug, stop) is null)
                return Missing(terminal, slug);
            var page = new PageRequest(Cursor.Start, PageRequest.MaxLimit);
            var found = await rooms.Get<DigestStore>().ListAsync(parsed.GetValue(newsletter), page, stop);
            if (parsed.GetValue(json))
                terminal.WriteJson(found.Items);
            else
                foreach (var digest in found.Items)
                    terminal.Output.WriteLine(Line(digest));
            return Terminal.Success;
        });
        return command;
    }

    private static Command Next()
    {
        var newsletter = Named();
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("next", "Say when the next digest comes, to how many, and what it would tell of now.") { newsletter, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            if (await rooms.Get<NewsletterStore>().FindAsync(parsed.GetValue(newsletter)!, stop) is not { } found
                || await rooms.Get<DigestDesk>().NextAsync(found.Id, stop) is not { } next)
                return Missing(terminal, parsed.GetValue(newsletter)!);
            if (parsed.GetValue(json))
                terminal.WriteJson(next);
            else
                Tell(terminal, next);
            return Terminal.Success;
        });
        return command;
    }

    private static Command Preview()
    {
        var newsletter = Named();
        var format = new Option<string>("--format") { Description = "html, text, or mime: the whole message as it would go out.", DefaultValueFactory = _ => "html", HelpName = "html|text|mime" };
        format.AcceptOnlyFromAmong("html", "text", "mime");
        var config = CommonOptions.Config();
        var command = new Command("preview", "Show what readers of the next digest would get now.") { newsletter, format, config };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            if (await rooms.Get<NewsletterStore>().FindAsync(parsed.GetValue(newsletter)!, stop) is not { } found
                || await rooms.Get<DigestDesk>().WriteNextAsync(found.Id, stop) is not var (profile, source))
                return Missing(terminal, parsed.GetValue(newsletter)!);
            if (source is null)
                return terminal.Fail("Nothing has gone out since the last digest, so the next has nothing to tell of yet.");
            var wanted = Enum.Parse<PreviewFormat>(parsed.GetValue(format)!, ignoreCase: true);
            var at = LocalTime.InZone(TimeProvider.System.GetUtcNow(), profile.TimeZone);
            return Show(terminal, EditionPreview.Show(DigestEndpoints.Request(profile, source, wanted, rooms.Get<PublicSite>(), at)));
        });
        return command;
    }

    private static Command Switch(string word)
    {
        var newsletter = Named();
        var config = CommonOptions.Config();
        var command = new Command(word, word == "on"
            ? "Offer readers a digest. The next one tells of what went out while there was none."
            : "Offer none, and send none: whoever has chosen it gets neither digest nor issues until they choose again.") { newsletter, config };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var newsletters = rooms.Get<NewsletterStore>();
            if (await newsletters.FindAsync(parsed.GetValue(newsletter)!, stop) is not { } found)
                return Missing(terminal, parsed.GetValue(newsletter)!);
            return await newsletters.UpdateAsync(found.Id, NewsletterDraft.Of(found) with { Digests = word == "on" }, stop) switch
            {
                AudienceOutcome<NewsletterProfile>.Updated => Terminal.Success,
                AudienceOutcome<NewsletterProfile>.Invalid(var problems) => terminal.Fail(
                    $"The newsletter's settings must be put right first, at /api/newsletters/{found.Id}: {string.Join(" ", problems.Select(problem => $"{problem.Field}: {problem.Problem}"))}"),
                _ => Missing(terminal, found.Slug),
            };
        });
        return command;
    }

    private static int Show(Terminal terminal, PreviewOutcome outcome)
    {
        if (outcome is not PreviewOutcome.Shown(var output, _))
            return terminal.Fail(string.Join(" ", ((PreviewOutcome.Refused)outcome).Problems.Select(problem => problem.Message)));
        terminal.WriteBytes(output);
        return Terminal.Success;
    }

    private static void Tell(Terminal terminal, NextDigest next)
    {
        terminal.Output.WriteLine(next.Enabled
            ? string.Create(CultureInfo.InvariantCulture, $"{Month(next.Month)}: made at {next.DueAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC, for {next.Readers:N0} readers.")
            : string.Create(CultureInfo.InvariantCulture, $"None: the newsletter has digests switched off. {next.Readers:N0} readers have chosen it, and get nothing."));
        foreach (var entry in next.Issues)
            terminal.Output.WriteLine($"#{entry.Number} {entry.Title}");
        if (next.Issues.Count == 0)
            terminal.Output.WriteLine("Nothing has gone out since the last.");
    }

    private static string Line(Digest digest) => $"{Month(digest.Month)} {digest.Newsletter}: {digest.Outcome switch
    {
        DigestOutcome.Made when digest.EditionId is null => "made; its draft was deleted",
        DigestOutcome.Made => FormattableString.Invariant($"made, edition {digest.EditionId}{(digest.IssueId is { } issue ? FormattableString.Invariant($", issue {issue}") : "")}"),
        DigestOutcome.NoReaders => "none, nobody had chosen it",
        DigestOutcome.NoIssues => "none, nothing had gone out",
        _ => "none, switched off",
    }}";

    private static string Month(DateOnly month) => month.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static Option<string> Named() => new("--newsletter") { Description = "Slug of the newsletter.", HelpName = "SLUG", Required = true };

    private static int Missing(Terminal terminal, string slug) => terminal.Fail($"There is no newsletter '{slug}'.");
}
