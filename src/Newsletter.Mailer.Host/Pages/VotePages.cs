using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Voting. A GET shows the poll with the choice ticked that the link names, and counts nothing, because link scanners follow every link in a mail; a POST
/// counts. What was chosen so far is shown to who has voted, and to all once the poll is closed: nobody is led by the others.
/// </summary>
internal static class VotePages
{
    private const string Route = "/vote/{token}";

    public static void MapVotePages(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Route, [HttpMethods.Get, HttpMethods.Head], Show).ExcludeFromDescription().AllowAnonymous();
        routes.MapPost(Route, Vote).ExcludeFromDescription().AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(ReaderPage.LargestBody));
    }

    private static async Task<PageShell> Show(string token, HttpContext http, KeyRing keys, VoteStore votes, CancellationToken stop)
    {
        if (VoteToken.Verify(keys, token, out var poll, out var choice) is not { } reader)
            return ReaderPage.Broken(http);
        if (IsTest(reader))
            return Test(http);
        return await votes.FindAsync(reader, poll, stop) is { } page
            ? VoteView.Of(Words(http, page), page, choice)
            : ReaderPage.Broken(http);
    }

    private static async Task<PageShell> Vote(string token, HttpContext http, KeyRing keys, VoteStore votes, CancellationToken stop)
    {
        if (VoteToken.Verify(keys, token, out var poll, out _) is not { } reader)
            return ReaderPage.Broken(http);
        if (IsTest(reader))
            return Test(http);
        var said = await http.Request.FieldsAsync(stop);
        var chosen = short.TryParse(said["choice"], out var number) ? number : (short)0;
        var voting = await votes.CastAsync(reader, poll, chosen, said["comment"], stop);
        return voting is not Voting.Nobody && await votes.FindAsync(reader, poll, stop) is { } page
            ? VoteView.Of(Words(http, page), page, chosen, voting)
            : ReaderPage.Broken(http);
    }

    private static bool IsTest(VoteToken reader) => reader is { IssueId: 0, SubscriberId: 0 };

    private static PageShell Test(HttpContext http)
    {
        var words = http.Words();
        return words.Notice(words.Text("leave.test.title"), words.Say("vote.test.text"));
    }

    private static Phrases Words(HttpContext http, VotePage page) => http.Words(page.ReaderLanguage, page.Language);
}
