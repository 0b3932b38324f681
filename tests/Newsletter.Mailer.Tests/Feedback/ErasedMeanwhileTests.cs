using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Feedback.Visits;
using Newsletter.Mailer.Feedback.Votes;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Feedback;

/// <summary>What a reader does while they are being forgotten: it waits for that, and then is nobody's.</summary>
public sealed class ErasedMeanwhileTests : MailroomTest
{
    private const string CountWaiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";

    private async Task<long> SentAsync(string poll)
    {
        var newsletter = await Some.NewsletterAsync(Database, draft => draft with { Measuring = new NewsletterMeasuring { Clicks = "individual", Opens = true } });
        await Some.SubscribersAsync(Database, newsletter, 2);
        var issue = await Room.FreezeAsync(await Some.EditionAsync(Database, newsletter, $"[go](https://example.org/1)\n\n:::poll How was it? {poll}\n- Good\n- Bad\n:::\n"));
        await Room.Worker.WorkAsync();
        return issue;
    }

    /// <summary>Does something while the first reader's erasure has taken what they did before, and waits for the outbox.</summary>
    private async Task<T> WhileErasedAsync<T>(Func<Task<T>> act)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var holding = await connection.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("lock table outbox in share mode", connection, holding))
            await hold.ExecuteNonQueryAsync();
        var erasing = new ErasureStore(DataSource, Room.Keys).EraseAsync(1, default);
        await UntilAsync(async () => await Database.ScalarAsync<long>(CountWaiting) == 1, "the erasure waits for the outbox");
        var acting = act();
        await UntilAsync(async () => acting.IsCompleted || await Database.ScalarAsync<long>(CountWaiting) == 2, "it is done, or waits too");
        await holding.CommitAsync();
        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await erasing);
        return await acting;
    }

    [Theory]
    [InlineData("")]
    [InlineData("{anonymous}")]
    public async Task AVoteIsNobodysAndDoesNotCount(string settings)
    {
        var issue = await SentAsync(settings);
        var votes = new VoteStore(DataSource, Room.Keys);
        var poll = await NumberedLinks.OfPollAsync(Database, issue, 1);

        var voting = await WhileErasedAsync(() => votes.CastAsync(new VoteToken(issue, 1), poll, 1, "I was here", default));

        Assert.Equal(Voting.Nobody, voting);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from votes"));
        Assert.Equal(Voting.Counted, await votes.CastAsync(new VoteToken(issue, 2), poll, 1, null, default));
    }

    [Theory]
    [InlineData(null, "0 1 0")]
    [InlineData(VisitSigns.Agent, "0 0 1")]
    public async Task AClickCountsAndIsNobodys(string? sign, string expected)
    {
        var issue = await SentAsync("");
        await Database.ExecuteAsync("update deliveries set updated_at = now() - interval '1 hour' where issue_id = $1", issue);

        var link = await NumberedLinks.OfAsync(Database, issue, 1);
        var url = await WhileErasedAsync(() => new ClickStore(DataSource).CountAsync(new ClickToken(issue, 1), link, [1], sign, default));

        Assert.Equal("https://example.org/1", url);
        Assert.Equal([expected], await Database.ListAsync<string>("select subscriber_id || ' ' || human || ' ' || machine from clicks"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from engagement where subscriber_id = 1"));
    }

    [Fact]
    public async Task AnOpenedMailCountsAndIsNobodys()
    {
        var issue = await SentAsync("");

        await WhileErasedAsync(async () =>
        {
            await new OpenStore(DataSource).CountAsync(new ClickToken(issue, 1), [], OpenedBy.Proxy, default);
            return true;
        });

        Assert.Equal(["0 1"], await Database.ListAsync<string>("select subscriber_id || ' ' || proxy from opens"));
    }

    [Theory]
    [InlineData("leave")]
    [InlineData("all")]
    [InlineData("pause")]
    [InlineData("digest")]
    [InlineData("save")]
    [InlineData("not me")]
    public async Task WhatTheyDecideLeavesNoConsentBehind(string what)
    {
        var newsletter = await Some.NewsletterAsync(Database);
        await Some.SubscribersAsync(Database, newsletter, 1);
        var signUp = await Database.ScalarAsync<long>(
            "insert into sign_ups (newsletter_id, address, language, form, wording, network, state, mailed_at, confirmed_at) select $1, address, 'en', 'page', 'Yes', 'n', 'confirmed', now(), now() from subscribers returning id", newsletter.Id);
        var subscriptions = new SubscriptionStore(DataSource, Room.Keys);
        var leaving = new Newsletter.Mailer.Feedback.UnsubscribeStore(DataSource, subscriptions);
        var preferences = new PreferencesStore(DataSource);
        var words = ("Yes", "en");

        await WhileErasedAsync<bool>(what switch
        {
            "leave" => () => leaving.LeaveAsync(newsletter.Id, 1, 0, "page", default, Departure.Of("other", "I am Reader1", "127.0.0.1")),
            "all" => () => leaving.LeaveAllAsync(1, 0, Departure.Of("other", "I am Reader1", "127.0.0.1"), default),
            "pause" => async () => await preferences.PauseAsync(1, null, "127.0.0.1", default) is not null,
            "digest" => () => preferences.TakeDigestAsync(1, newsletter.Id, words, "127.0.0.1", default),
            "save" => async () => await preferences.SaveAsync(
                1, new PreferencesChange { Choices = new Dictionary<long, string> { [newsletter.Id] = "nothing" }, Wording = "Yes", DigestWording = "Yes", WordingLanguage = "en", Ip = "127.0.0.1" }, default) is not null,
            _ => () => new ConfirmationStore(DataSource, Room.Keys, new SignUpOptions()).DisownAsync(signUp, default),
        });

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from consents where subscriber_id is not null or ip is not null or note is not null"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }
}
