using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Who has left by a list, and when: against what the reader did here, and against what else is said of them.</summary>
public sealed class ImportDepartureTests : ImportTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhoLeftAndBouncedBeforeTheyWereKnownHereStaysGone(bool isReader)
    {
        if (isReader) await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com" }, default);

        var import = await ImportFromAsync("email,unsubscribed_at,status\nana@example.com,2024-01-01,bounced\n");
        await Database.ExecuteAsync("delete from suppressions");
        var after = await ImportAsync("email\nana@example.com\n");

        Assert.Equal((1L, 0L, 1L, 0L), (import.Suppressed, import.Created, import.AlsoUnsubscribed, import.Unsubscribed));
        Assert.Equal(("unsubscribed", 1L), (await StatusAsync(), after.KeptUnsubscribed));
    }

    [Theory]
    [InlineData("ana@example.com,unsubscribed", false)]
    [InlineData("ana@example.com,active", true)]
    public async Task WhoHasJustLeftTakesThatBackUnlessAListSaysSoToo(string row, bool mayUndo)
    {
        await ImportAsync("email\nana@example.com\n");
        var (reader, tea) = ((await ReadAsync("ana@example.com")).Id, await Database.ScalarAsync<long>("select id from newsletters"));
        var unsubscribes = new Newsletter.Mailer.Feedback.UnsubscribeStore(DataSource, Subscriptions);
        await unsubscribes.LeaveAsync(tea, reader, 0, "page", default);

        var import = await ImportFromAsync($"email,status\n{row}\n");
        await ImportFromAsync($"email,status\n{row}\n");

        Assert.Equal(1L, import.KeptUnsubscribed);
        Assert.Equal(mayUndo ? 0L : 1L, await Database.ScalarAsync<long>("select count(*) from consents where form = 'import'"));
        Assert.Equal(mayUndo, await unsubscribes.UndoAsync(tea, reader, null, default));
    }

    [Theory]
    [InlineData(false, "unsubscribed", "")]
    [InlineData(true, "unsubscribed", "")]
    [InlineData(false, "unsubscribed", "ana@example.com,,bounced,2024-01-01\n")]
    [InlineData(false, "active", "")]
    public async Task WhoLeftInARowWithAMistakeStaysGoneThoughNobodyKnewThem(bool isReader, string word, string more)
    {
        if (isReader) await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com" }, default);

        var import = await ImportFromAsync($"email,name,status,unsubscribed_at\nana@example.com,{new string('x', 2_000)},{word},\n{more}");
        await Database.ExecuteAsync("delete from suppressions");
        await ImportAsync("email\nana@example.com\n");

        Assert.Equal((1L, 0L, word == "active" ? 0L : 1L), (import.Invalid, import.Created, import.AlsoUnsubscribed));
        Assert.Equal(word, await StatusAsync());
    }

    [Fact]
    public async Task WhoHasTooManyTagsForTheRowHasLeftAllTheSame()
    {
        await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Tags = [.. Enumerable.Range(0, TagRules.MaxTags).Select(n => $"t{n}")] }, default);

        var import = await ImportFromAsync("email,status,tier,tags,subscribed_at,confirmed_at,unsubscribed_at\nana@example.com,unsubscribed,free,more,,,2024-01-01\n");
        await ImportAsync("email\nana@example.com\n");

        Assert.Equal(("unsubscribed", 1L, 1L), (await StatusAsync(), import.Invalid, import.AlsoUnsubscribed));
    }

    [Fact]
    public async Task WhoHasComeBackByThemselvesStaysWhateverIsWrongInTheRow()
    {
        await ImportAsync("email\nana@example.com\n");
        await Database.ExecuteAsync("insert into consents (newsletter_id, subscriber_id, action, form, how) select newsletter_id, subscriber_id, 'confirmed', 'page', 'mailed_link' from subscriptions");

        await ImportFromAsync($"email,name,status,tier,tags,subscribed_at,confirmed_at,unsubscribed_at\nana@example.com,{new string('x', 2_000)},unsubscribed,free,,,,2021-01-01\n");

        Assert.Equal("active", await StatusAsync());
    }

    [Theory]
    [InlineData("ana@example.com,2021-02-03 10:00:00", "mailed_link", "active")]
    [InlineData("ana@example.com,", "mailed_link", "active")]
    [InlineData("ana@example.com,TODAY", "mailed_link", "unsubscribed")]
    [InlineData("ana@example.com,YESTERDAY", "mailed_link", "active")]
    [InlineData("ana@example.com,2021-02-03 10:00:00", "stated", "unsubscribed")]
    [InlineData("ana@example.com,2021-02-03 10:00:00\nana@example.com,yes", "mailed_link", "unsubscribed")]
    public async Task WhoHasComeBackByThemselvesSinceTheyLeftThereStays(string rows, string how, string status)
    {
        await ImportAsync("email\nana@example.com\n");
        await Database.ExecuteAsync("insert into consents (newsletter_id, subscriber_id, action, form, how) select newsletter_id, subscriber_id, 'confirmed', 'page', $1 from subscriptions", how);

        var today = await Database.ScalarAsync<string>("select to_char(now() at time zone 'UTC', 'YYYY-MM-DD')");
        var yesterday = await Database.ScalarAsync<string>("select to_char(now() at time zone 'UTC' - interval '1 day', 'YYYY-MM-DD')");
        var import = await ImportFromAsync($"Email Address,UNSUB_TIME\n{rows.Replace("YESTERDAY", yesterday, StringComparison.Ordinal).Replace("TODAY", today, StringComparison.Ordinal)}\n");

        Assert.Equal((status, status == "unsubscribed" ? 1L : 0L), (await StatusAsync(), import.Unsubscribed));
        Assert.Equal(status == "active" ? 1L : 0L, import.AlreadySubscribed);
    }

    [Fact]
    public async Task WhoLeftThereLongAgoLeftThen()
    {
        await ImportFromAsync("email,unsubscribed_at\nana@example.com,2024-03-01\n");

        Assert.Equal(new DateTime(2024, 3, 1, 0, 0, 0, DateTimeKind.Utc), await Database.ScalarAsync<DateTime>("select unsubscribed_at from subscriptions"));
    }
}
