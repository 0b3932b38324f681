using System.CommandLine;
using System.Globalization;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter why ISSUE ADDRESS</c>: why a reader got an issue, or didn't.</summary>
internal static class WhyCommand
{
    public static Command Create()
    {
        var issue = new Argument<string>("issue") { Description = "Id of the issue; with --newsletter, or as '#35', the number of its edition.", HelpName = "ISSUE" };
        var address = new Argument<string>("address") { Description = "The reader's address.", HelpName = "ADDRESS" };
        var newsletter = new Option<string?>("--newsletter") { Description = "Slug of the newsletter whose edition number is given.", HelpName = "SLUG" };
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("why", "Say why a reader got an issue, or didn't.") { issue, address, newsletter, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            if (!EmailAddress.TryParse(parsed.GetValue(address), out var reader, out var problem))
                return terminal.Fail(problem);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            return await FindIssueAsync(rooms, parsed.GetValue(issue)!, parsed.GetValue(newsletter), terminal, stop) is { } id
                ? await AnswerAsync(rooms, id, reader, parsed.GetValue(json), terminal, stop)
                : Terminal.Failure;
        });
        return command;
    }

    private static async Task<long?> FindIssueAsync(OpenRooms rooms, string text, string? newsletter, Terminal terminal, CancellationToken stop)
    {
        if (!long.TryParse(text.TrimStart('#'), NumberStyles.None, CultureInfo.InvariantCulture, out var given))
        {
            terminal.Fail($"'{text}' is neither the id of an issue nor the number of an edition.");
            return null;
        }

        if (newsletter is null && !text.StartsWith('#'))
            return given;
        var found = given > int.MaxValue ? [] : await rooms.Get<ReceiptStore>().FindByNumberAsync((int)given, newsletter, stop);
        if (found.Count == 1)
            return found[0];
        terminal.Fail(found.Count == 0
            ? $"No issue of edition {given}{(newsletter is null ? "" : $" of {newsletter}")} was published."
            : $"Several newsletters have an edition {given}: name one with --newsletter.");
        return null;
    }

    private static async Task<int> AnswerAsync(OpenRooms rooms, long issue, EmailAddress reader, bool asJson, Terminal terminal, CancellationToken stop)
    {
        if (await rooms.Get<DeliveryReportStore>().WhyAsync(issue, reader.Value, stop) is not { } why)
            return terminal.Fail($"There is no issue {issue}.");
        if (asJson)
            terminal.WriteJson(why);
        else
            terminal.Output.WriteLine(why.Answer);
        return Terminal.Success;
    }
}
