using System.Globalization;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>How a poll is shown to one of its readers.</summary>
internal static class VoteView
{
    /// <summary>The page.</summary>
    /// <param name="words">In the reader's language.</param>
    /// <param name="page">The poll and what they chose.</param>
    /// <param name="ticked">The choice to tick where they have none; 0: none.</param>
    /// <param name="voting">What became of their vote; null where they only look.</param>
    public static PageShell Of(Phrases words, VotePage page, short ticked, Voting? voting = null)
    {
        var isOpen = page.Poll.State == "open";
        return words.Page(
            page.Poll.Question,
            Html.Of($"""
                <h1 dir="auto">{page.Poll.Question}</h1>
                {Said(words, isOpen, voting)}
                {(isOpen && voting is not Voting.Counted ? Form(words, page, ticked) : Html.None)}
                {(page.Own is not null || !isOpen ? Results(words, page) : Html.None)}
                {(isOpen && voting is Voting.Counted ? Again(words, page) : Html.None)}
                """),
            page.Newsletter,
            voting is Voting.NoSuchChoice ? StatusCodes.Status400BadRequest : voting is Voting.Closed ? StatusCodes.Status409Conflict : StatusCodes.Status200OK);
    }

    private static Html Said(Phrases words, bool isOpen, Voting? voting) => voting switch
    {
        Voting.Counted => Html.Of($"""<p class="note" role="status">{words.Text("vote.thanks")}</p>"""),
        Voting.NoSuchChoice => Html.Of($"""<p class="note warn" role="alert">{words.Text("vote.choose")}</p>"""),
        _ => isOpen ? Html.None : Html.Of($"""<p class="note" role="status">{words.Text("vote.closed")}</p>"""),
    };

    private static Html Form(Phrases words, VotePage page, short ticked)
    {
        // What the link names goes before what they chose earlier: that is why they came.
        var chosen = page.Poll.Options.Any(option => option.Choice == ticked) ? ticked : page.Own?.Choice ?? 0;
        return Html.Of($"""
            <form method="post" action="?lang={words.Language}">
            <fieldset>
            <legend class="visually-hidden" dir="auto">{page.Poll.Question}</legend>
            {page.Poll.Options.Select(option => Choice(option, option.Choice == chosen))}
            </fieldset>
            {(page.Poll.TakesComments ? Comment(words, page) : Html.None)}
            {Conditions(words, page)}
            <div class="actions"><button class="button" type="submit">{words.Text(page.Own is null ? "vote.button" : "vote.change")}</button></div>
            </form>
            """);
    }

    private static Html Choice(PollOption option, bool isTicked) => Html.Of(
        $"""<label class="choice"><input type="radio" name="choice" value="{option.Choice.ToString(CultureInfo.InvariantCulture)}" required{(isTicked ? Html.Raw(" checked") : Html.None)}><bdi>{option.Text}</bdi></label>""");

    private static Html Comment(Phrases words, VotePage page) => Html.Of($"""
        <div class="row"><label for="comment">{words.Text("vote.comment")}</label>
        <textarea class="field" id="comment" name="comment" maxlength="{VoteStore.LongestComment.ToString(CultureInfo.InvariantCulture)}" dir="auto"{(page.Poll.Anonymous ? Html.Raw(" aria-describedby=\"own\"") : Html.None)}>{page.Own?.Comment}</textarea>
        {(page.Poll.Anonymous ? Html.Of($"""<p class="muted small" id="own">{words.Text("vote.comment.own")}</p>""") : Html.None)}</div>
        """);

    private static Html Conditions(Phrases words, VotePage page)
    {
        var until = page.Poll.ClosesAt is { } closes ? words.Say("vote.until", ("time", Time(words, page, closes))) : Html.None;
        return page.Poll.Anonymous || page.Poll.ClosesAt is not null
            ? Html.Of($"""<p class="muted small">{(page.Poll.Anonymous ? words.Text("container.poll.anonymous") : "")} {until}</p>""")
            : Html.None;
    }

    private static string Time(Phrases words, VotePage page, DateTimeOffset closes)
    {
        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(page.TimeZone, out var found) ? found : TimeZoneInfo.Utc;
        var local = TimeZoneInfo.ConvertTime(closes, zone);
        // A day is open to its end: "31 May", not "1 June, 00:00".
        return local.TimeOfDay == TimeSpan.Zero
            ? words.Day(DateOnly.FromDateTime(local.DateTime).AddDays(-1))
            : string.Create(CultureInfo.InvariantCulture, $"{words.Day(DateOnly.FromDateTime(local.DateTime))}, {local:HH:mm} ({zone.Id})");
    }

    private static Html Results(Phrases words, VotePage page) => Html.Of($"""
        <section class="apart">
        <h2>{words.Text("vote.results")}</h2>
        <ul class="plain results">
        {page.Poll.Options.Select(option => Result(words, page, option))}
        </ul>
        <p class="muted small">{words.Say("vote.total", ("count", page.Poll.Votes.ToString("N0", CultureInfo.InvariantCulture)))}</p>
        </section>
        """);

    private static Html Result(Phrases words, VotePage page, PollOption option)
    {
        var share = page.Poll.Votes == 0 ? 0 : (int)Math.Round(100.0 * option.Votes / page.Poll.Votes, MidpointRounding.AwayFromZero);
        var percent = share.ToString(CultureInfo.InvariantCulture);
        return Html.Of($"""
            <li><span class="result"><bdi>{option.Text}</bdi>{(page.Own?.Choice == option.Choice ? Html.Of($""" <span class="yours">({words.Text("vote.yours")})</span>""") : Html.None)}</span>
            <span class="share"><bdi>{percent} %</bdi> <span class="muted">({words.Text("vote.votes")}: <bdi>{option.Votes.ToString("N0", CultureInfo.InvariantCulture)}</bdi>)</span></span>
            <svg class="bar" aria-hidden="true"><rect width="{percent}%" height="100%"/></svg></li>
            """);
    }

    private static Html Again(Phrases words, VotePage page) => Html.Of($"""
        <section class="apart">
        <details>
        <summary>{words.Text("vote.again")}</summary>
        {Form(words, page, 0)}
        </details>
        </section>
        """);
}
