using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>A mailbox as it is set, without its secret, and how it is doing.</summary>
public sealed record MailboxReport
{
    public required string Name { get; init; }

    public required MailboxProtocol Protocol { get; init; }

    public required string Host { get; init; }

    public required string UserName { get; init; }

    /// <summary>How it is doing; nothing of it is known before it was first looked into.</summary>
    public required MailboxState State { get; init; }
}

/// <summary>The mailboxes of the configuration, in its order.</summary>
public sealed record MailboxList(IReadOnlyList<MailboxReport> Items);

/// <summary><c>/api/mailboxes</c> and <c>/api/relays/alarms</c>: what operators look after.</summary>
internal static class MailboxEndpoints
{
    private const int LongestNote = 1_000;

    public static void MapMailboxEndpoints(this IEndpointRouteBuilder api)
    {
        var mailboxes = api.MapGroup("/mailboxes").WithTags("Feedback").RequireScope(Scopes.Operate);
        mailboxes.MapGet("/", List)
            .WithSummary("List the mailboxes that bounces are read from, and how each is doing")
            .WithDescription("When it was last looked into, how many messages lay there, why it can't be read. They are configured in Feedback:Mailboxes; secrets are never shown.");
        mailboxes.MapGet("/{name}/unclear", Unclear)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("List messages that nothing could be made of")
            .WithDescription("They are never deleted: over IMAP they lie in the mailbox's UnclearFolder, over POP3 they stay where they are.");
        var alarms = api.MapGroup("/relays/alarms").WithTags("Relays").RequireScope(Scopes.Operate);
        alarms.MapGet("/", Alarms)
            .WithSummary("List refusals for the sender's sake")
            .WithDescription("Policy, reputation, block lists: never the reader's fault. Each says at which relay, for which provider, why, and how often.");
        alarms.MapPost("/{id:long}/clear", Clear)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Say that an alarm was looked into")
            .WithDescription("Another refusal of the kind raises a new one.");
    }

    private static async Task<Ok<MailboxList>> List(FeedbackOptions options, MailboxStore mailboxes, CancellationToken stop)
    {
        var states = (await mailboxes.ListAsync(stop)).ToDictionary(state => state.Name, StringComparer.Ordinal);
        return TypedResults.Ok(new MailboxList([.. options.Mailboxes.Select(mailbox => new MailboxReport
        {
            Name = mailbox.Name,
            Protocol = mailbox.Protocol,
            Host = mailbox.Host,
            UserName = mailbox.UserName,
            State = states.GetValueOrDefault(mailbox.Name) ?? new MailboxState { Name = mailbox.Name },
        })]));
    }

    private static async Task<Results<Ok<Page<UnclearMail>>, ProblemHttpResult>> Unclear(
        string name, [AsParameters] PageQuery query, FeedbackOptions options, MailboxStore mailboxes, CancellationToken stop)
    {
        if (!query.TryRead(out var page, out var problem))
            return problem;
        return options.Mailboxes.Exists(mailbox => mailbox.Name == name)
            ? TypedResults.Ok(await mailboxes.ListUnclearAsync(name, page, stop))
            : Problems.NotFound("mailbox", name);
    }

    private static async Task<Results<Ok<Page<RelayAlarm>>, ProblemHttpResult>> Alarms(
        [AsParameters] PageQuery query, RelayAlarmStore alarms, CancellationToken stop,
        [FromQuery, Description("Also those that were cleared; false where absent.")] bool all = false) =>
        query.TryRead(out var page, out var problem) ? TypedResults.Ok(await alarms.ListAsync(!all, page, stop)) : problem;

    private static async Task<Results<NoContent, ProblemHttpResult>> Clear(long id, NoteRequest request, RelayAlarmStore alarms, CancellationToken stop)
    {
        if (request.Note is { } note && (note.Length > LongestNote || note.Any(char.IsControl) || note.Any(char.IsSurrogate)))
            return Problems.Invalid("note", $"A note is one line of at most {LongestNote} plain characters.");
        return await alarms.ClearAsync(id, request.Note, stop) is null ? Problems.NotFound("alarm", id) : TypedResults.NoContent();
    }
}
