using System.Text;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Who has left stays away, however a list says it and whatever else is wrong with its row.</summary>
public sealed class ImportHonoursTests : ImportTest
{
    private const string Header = "uuid,email,name,attributes,status\n";

    private static string Row(string status, string address = "ana@example.com", string attributes = "{}") => $"1,{address},Ana,{attributes},{status}\n";

    [Fact]
    public async Task AnOverfullRowStillLeaves()
    {
        await ImportAsync("email\nana@example.com\n");
        await Database.ExecuteAsync("update subscribers set attributes = (select jsonb_object_agg('k' || n, 'v') from generate_series(1, 100) n)");

        var import = await ImportFromAsync(Header + Row("disabled", attributes: "\"{\"\"one_more\"\":1}\""));

        Assert.Equal((1L, 0L, "unsubscribed"), (import.Invalid, import.Unsubscribed, await StatusAsync()));
        Assert.Equal("import", await Database.ScalarAsync<string>("select unsubscribed_by from subscriptions"));
    }

    [Fact]
    public async Task ASuppressedReadersDepartureOutlivesTheSuppression()
    {
        await ImportAsync("email\nana@example.com\n");
        var suppression = Assert.IsType<AudienceOutcome<Suppression>.Created>(await Suppressions.AddAsync(new SuppressionDraft { Email = "ana@example.com", Reason = "manual" }, default)).Value;

        var import = await ImportFromAsync(Header + Row("disabled"));
        await Suppressions.RemoveAsync(suppression.Id, default);

        Assert.Equal((1L, "unsubscribed"), (import.Suppressed, await StatusAsync()));
    }

    [Theory]
    [InlineData("blocklisted", "enabled", null, 1L)]
    [InlineData("disabled", "enabled", "unsubscribed", 0L)]
    [InlineData("enabled", "disabled", "unsubscribed", 0L)]
    [InlineData("enabled", "enabled", "active", 0L)]
    public async Task OfSeveralRowsTheStrictestCounts(string first, string second, string? status, long suppressions)
    {
        await ImportFromAsync(Header + Row(first, "ANA@example.com") + Row(second));

        Assert.Equal((status, suppressions), (await StatusAsync(), await Database.ScalarAsync<long>("select count(*) from suppressions")));
    }

    [Fact]
    public async Task WhoLeftInOneRowAndBouncedInAnotherHasLeft()
    {
        await ImportAsync("email\nana@example.com\n");

        var import = await ImportFromAsync("email,status\nana@example.com,unsubscribed\nana@example.com,bounced\n");

        Assert.Equal(("unsubscribed", 1L, 1L, 0L), (await StatusAsync(), import.Suppressed, import.Suppressions, import.Unsubscribed));
    }

    [Theory]
    [InlineData("email,unsubscribed,status\nana@example.com,true,bounced\n", null)]
    [InlineData("email,unsubscribed_at,status\nana@example.com,2026-01-31,complained\n", null)]
    [InlineData("email,status\nana@example.com,bounced\n", "unsubscribed")]
    public async Task WhoLeftAndBouncedInOneRowHasLeft(string list, string? status)
    {
        await ImportAsync("email\nana@example.com\n");

        await ImportFromAsync(list, status: status);

        Assert.Equal(("unsubscribed", 1L), (await StatusAsync(), await Database.ScalarAsync<long>("select count(*) from suppressions")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoTakesTheDigestTakesItAfterAnExportToo(bool dryRun)
    {
        const string Own = "email,name,status,tier,tags,language,time_zone,subscribed_at,confirmed_at,unsubscribed_at,issue_frequency\n";

        var import = await ImportFromAsync(Own + "ana@example.com,Ana,active,free,,,,,,,digest\nbo@example.com,Bo,active,free,,,,,,,every\nmo@example.com,Mo,active,free,,,,,,,hourly\n", dryRun: dryRun);

        Assert.Equal((2L, 1L), (import.Subscribed, import.Invalid));
        Assert.Contains(new ImportColumn("issue_frequency", "issue_frequency"), import.Mapping);
        Assert.Contains(new ImportColumn("unsubscribed_at", "unsubscribed_at"), import.Mapping);
        Assert.Equal(dryRun ? [] : ["digest", "every"], await Database.ListAsync<string>("select frequency from subscriptions order by 1"));
    }

    [Theory]
    [InlineData("unsubscribed", "unsubscribed", 0L)]
    [InlineData("bounced", "active", 1L)]
    [InlineData("active", "active", 0L)]
    public async Task ARowWithAnotherMistakeStillSaysWhoIsNotToBeMailed(string word, string status, long suppressions)
    {
        await ImportAsync("email\nana@example.com\n");

        var import = await ImportFromAsync($"email,name,status\nana@example.com,{new string('x', 2_000)},{word}\nbo@example.com,Bo,active\n");

        Assert.Equal((status, suppressions), (await StatusAsync(), await Database.ScalarAsync<long>("select count(*) from suppressions")));
        Assert.Equal((2L, 1L, 1L, 0L, 0L), (import.Rows, import.Invalid, import.Created, import.Unsubscribed, import.Duplicates));
        Assert.Equal(status == "unsubscribed" ? 1L : 0L, import.AlsoUnsubscribed);
        Assert.Equal(word != "active", (await ProblemsAsync(import.Id)).Single().Reason.EndsWith("counts all the same.", StringComparison.Ordinal));
        Assert.Equal((2L, "name"), ((await ProblemsAsync(import.Id)).Single().Line, (await ProblemsAsync(import.Id)).Single().Column));
    }

    [Fact]
    public async Task ADayThatCannotBeReadStillSaysThatTheyLeft()
    {
        var import = await ImportFromAsync("email,unsubscribed_at\nana@example.com,31/01/2026\n");

        Assert.Equal(("unsubscribed", 1L, 1L), (await StatusAsync(), import.Invalid, import.AlsoUnsubscribed));
    }

    [Fact]
    public async Task ARowWhoseStatusIsEmptyIsLeftOut()
    {
        var import = await ImportFromAsync(Header + Row("") + Row("enabled", "bo@example.com"));

        Assert.Equal((1L, 1L), (import.Invalid, import.Created));
        var problem = Assert.Single(await ProblemsAsync(import.Id));
        Assert.Equal((2L, "status"), (problem.Line, problem.Column));
        Assert.Contains("The status is empty", problem.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllRowsOfAFileMayHaveLeft()
    {
        await ImportAsync("email\nana@example.com\n");
        foreach (var (csv, source) in ((string, string)[])[("email,city\nana@example.com,Rome\nbo@example.com,Oslo\n", "plain"), (Header + Row("enabled", "cy@example.com") + Row("blocklisted", "di@example.com"), "listmonk")])
        {
            var id = Assert.IsType<AudienceOutcome<Import>.Created>(await Imports.CreateAsync(Tea, null, source, false, default, "unsubscribed")).Value.Id;
            await Importer.ReceiveAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(csv)), null, default);
            var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
            AssertBalanced(import);
            Assert.Equal("unsubscribed", import.Status);
        }

        // The last one is blocked as well, and has left all the same: the suppression may be lifted.
        Assert.Equal(["ana@example.com unsubscribed", "bo@example.com unsubscribed", "cy@example.com unsubscribed", "di@example.com unsubscribed"],
            await Database.ListAsync<string>("select b.address || ' ' || s.status from subscriptions s join subscribers b on b.id = s.subscriber_id order by 1"));
        Assert.Equal("di@example.com", await Database.ScalarAsync<string>("select address from suppressions"));
        Assert.Equal("status", Assert.Single(Assert.IsType<AudienceOutcome<Import>.Invalid>(await Imports.CreateAsync(Tea, null, null, false, default, "bounced")).Problems).Field);
    }

    [Fact]
    public async Task WhoLeavesByAListByBulkOrByTheApiHasSoInTheLedger()
    {
        await ImportAsync("email\nana@example.com\nbo@example.com\ncy@example.com\n");
        await ImportFromAsync(Header + Row("disabled"));
        await Database.ExecuteAsync("update subscribers set tags = '{gone}' where address = 'bo@example.com'");
        var changes = new BulkChangeStore(DataSource);
        var change = Assert.IsType<AudienceOutcome<BulkChange>.Created>(await changes.CreateAsync(new BulkChangeDraft { Newsletter = Tea, Filter = "tags has \"gone\"", Unsubscribe = true }, default)).Value;
        await changes.RunAsync(change.Id, default);
        var cy = await ReadAsync("cy@example.com");
        await Subscribers.CreateAsync(new SubscriberDraft { Email = "cy@example.com", Newsletter = Tea, Status = "unsubscribed" }, default);
        await Subscriptions.PutAsync(cy.Id, Tea, new SubscriptionDraft { Status = "unsubscribed" }, default);

        Assert.Equal(["ana@example.com withdrawn import", "bo@example.com withdrawn api", "cy@example.com withdrawn api"],
            await Database.ListAsync<string>("select b.address || ' ' || c.action || ' ' || c.form from consents c join subscribers b on b.id = c.subscriber_id order by 1"));
        var story = (await new Newsletter.Mailer.Reports.TimelineStore(DataSource).ListAsync(cy.Id, Newsletter.Mailer.Database.PageRequest.First, default))!.Items;
        Assert.Single(story, item => item.Kind == "unsubscribed");
    }

    [Fact]
    public async Task ADryRunListsWhatItWouldRefuse()
    {
        await ImportAsync("email\nana@example.com\n");
        await Database.ExecuteAsync("update subscribers set attributes = (select jsonb_object_agg('k' || n, 'v') from generate_series(1, 100) n)");

        var import = await ImportFromAsync("email,one_more\nana@example.com,1\n", "plain", dryRun: true);

        Assert.Equal(1L, import.Invalid);
        Assert.Contains("more than 100 attributes", Assert.Single(await ProblemsAsync(import.Id)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LanguageAndZoneAreTakenThoughNothingElseIsNew()
    {
        await ImportAsync("email,name\nana@example.com,Ana\n");

        var import = await ImportFromAsync("email,name,status,tier,tags,language,time_zone,subscribed_at,confirmed_at,unsubscribed_at\nana@example.com,Ana,active,free,,pt,Europe/Lisbon,,,\n");

        Assert.Equal((1L, "pt Europe/Lisbon"), (import.Updated, await Database.ScalarAsync<string>("select language || ' ' || time_zone from subscribers")));
    }

    [Fact]
    public async Task MoreColumnsThanAReaderMayHaveAttributesAreRefusedAtOnce()
    {
        string Columns(int count) => string.Join(',', Enumerable.Range(1, count).Select(n => $"c{n}"));

        Assert.Contains("100 is the limit", await RefuseAsync($"uuid,email,attributes,status,{Columns(150)}\n"), StringComparison.Ordinal);
        Assert.Contains("is the limit", await RefuseAsync($"email,{Columns(110_000)}\n"), StringComparison.Ordinal);
        var json = "{" + string.Join(',', Enumerable.Range(1, 60).Select(n => $"\"\"j{n}\"\":1")) + "}";
        var import = await ImportFromAsync($"uuid,email,attributes,status,{Columns(60)}\n1,ana@example.com,\"{json}\",enabled{string.Concat(Enumerable.Repeat(",x", 60))}\n");
        Assert.Contains("would have 120 attributes", Assert.Single(await ProblemsAsync(import.Id)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotUtf8IsRefusedInTagsAndJsonToo()
    {
        var import = await ImportFromAsync("email,status,tier,tags,subscribed_at,confirmed_at,unsubscribed_at\nana@example.com,active,free,caf\uFFFD,,,\n");
        var other = await ImportFromAsync(Header + Row("enabled", attributes: "\"{\"\"city\"\":\"\"M\uFFFDnchen\"\"}\""));

        Assert.Equal((1L, 1L), (import.Invalid, other.Invalid));
    }

    [Fact]
    public async Task NobodySignedUpInTheFuture()
    {
        await ImportFromAsync("uuid,email,attributes,status,created_at\n1,ana@example.com,{},enabled,2099-01-01\n");

        Assert.True(await Database.ScalarAsync<bool>("select created_at <= now() from subscriptions"));
    }
}
