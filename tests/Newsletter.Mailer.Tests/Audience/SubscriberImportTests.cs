using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class SubscriberImportTests : ImportTest
{
    [Fact]
    public async Task RowsBecomeActiveSubscribersWithAttributes()
    {
        var import = await ImportAsync("""
            E-Mail;Full Name;First name;City;Favourite Tea
            Ana@Example.COM;Ana Lee;Annie;Łódź;"Oolong; strong"

            bo@bücher.example;;;;
            """);

        Assert.Equal((2, 2, 2, 0), (import.Rows, import.Created, import.Subscribed, import.Invalid));
        Assert.Equal(ImportState.Finished, import.State);
        Assert.NotNull(import.ReceivedAt);
        Assert.NotNull(import.FinishedAt);

        var ana = await ReadAsync("ana@example.com");
        Assert.Equal(("Ana@example.com", "Ana Lee", "Annie"), (ana.Address, ana.Name, ana.FirstName));
        Assert.Equal(
            [("city", "Łódź"), ("favourite_tea", "Oolong; strong"), ("first_name", "Annie")],
            ana.Attributes.Select(pair => (pair.Key, pair.Value.GetString()!)).Order());
        var subscription = Assert.Single(ana.Subscriptions);
        Assert.Equal((Tea, SubscriptionStatus.Active, SubscriptionTier.Free), (subscription.Newsletter, subscription.Status, subscription.Tier));
        Assert.NotNull(subscription.ConfirmedAt);

        var bo = await ReadAsync("BO@xn--bcher-kva.example");
        Assert.Equal(("bo@xn--bcher-kva.example", (string?)null, (string?)null), (bo.Address, bo.Name, bo.FirstName));
        Assert.Empty(bo.Attributes);
    }

    [Fact]
    public async Task TheSameFileAgainChangesNothing()
    {
        const string File = "email,name,city\nana@example.com,Ana,Paris\nbo@example.com,Bo,\n";
        await ImportAsync(File);
        var before = await Database.ScalarAsync<string>("select string_agg(s::text, '|' order by id) from subscribers s");

        var again = await ImportAsync(File.ToUpperInvariant().Replace("PARIS", "Paris").Replace("ANA\n", "Ana\n").Replace(",ANA,", ",Ana,").Replace(",BO,", ",Bo,"));

        Assert.Equal((2, 0, 0, 2), (again.Rows, again.Created, again.Updated, again.Unchanged));
        Assert.Equal((0, 2), (again.Subscribed, again.AlreadySubscribed));
        Assert.Equal(before, await Database.ScalarAsync<string>("select string_agg(s::text, '|' order by id) from subscribers s"));
    }

    [Fact]
    public async Task AnEmptyCellKeepsWhatIsThereAndOthersMerge()
    {
        await ImportAsync("email,name,city,age\nana@example.com,Ana Lee,Paris,40\nbo@example.com,Bo,Rome,30\n");

        var import = await ImportAsync("email,name,city,shoe\nana@example.com,,London,\nbo@example.com,Bo,,\n");

        Assert.Equal((0, 1, 1), (import.Created, import.Updated, import.Unchanged));
        var ana = await ReadAsync("ana@example.com");
        Assert.Equal(("Ana Lee", "London", "40"), (ana.Name, ana.Attributes["city"].GetString(), ana.Attributes["age"].GetString()));
        Assert.True(ana.UpdatedAt > ana.CreatedAt);
    }

    [Fact]
    public async Task TheLastRowOfAnAddressCounts()
    {
        var import = await ImportAsync("""
            email,city
            ana@example.com,Paris
            bo@example.com,Rome
            ANA@example.com,London
            Ana@Example.com,Oslo
            """);

        Assert.Equal((4, 2, 2), (import.Rows, import.Created, import.Duplicates));
        Assert.Equal("Oslo", (await ReadAsync("ana@example.com")).Attributes["city"].GetString());
    }

    [Fact]
    public async Task NobodyWhoLeftOrHasNotConfirmedBecomesActive()
    {
        await AddNewsletterAsync("coffee");
        await ImportAsync("email\nleft@example.com\nkept@example.com\n");
        await Subscribers.CreateAsync(new SubscriberDraft { Email = "asked@example.com", Newsletter = Tea, Status = "pending" }, default);
        var left = await ReadAsync("left@example.com");
        Assert.True(await Subscriptions.UnsubscribeAsync(left.Subscriptions[0].NewsletterId, left.Id, "one_click", 35, default));
        var before = await Database.ScalarAsync<string>("select string_agg(s::text, '|' order by subscriber_id) from subscriptions s");

        var import = await ImportAsync("email,name\nleft@example.com,Lee\nkept@example.com,\nasked@example.com,\n");

        Assert.Equal((1, 1, 1, 0), (import.KeptUnsubscribed, import.KeptPending, import.AlreadySubscribed, import.Subscribed));
        Assert.Equal((0, 1, 2), (import.Created, import.Updated, import.Unchanged));
        Assert.Equal(before, await Database.ScalarAsync<string>("select string_agg(s::text, '|' order by subscriber_id) from subscriptions s"));

        // To leave one newsletter says nothing of another.
        Assert.Equal(1, (await ImportAsync("email\nleft@example.com\n", "coffee")).Subscribed);
    }

    [Fact]
    public async Task TheSuppressedAreLeftOutByAddressAndByDomain()
    {
        await ImportAsync("email,name\nold@example.com,Old\n");
        foreach (var email in new[] { "Gone@example.com", "old@example.com" })
            await Suppressions.AddAsync(new SuppressionDraft { Email = email, Reason = "hard_bounce" }, default);
        await Suppressions.AddAsync(new SuppressionDraft { Domain = "Bad.example" }, default);

        var import = await ImportAsync("email,name\ngone@EXAMPLE.com,\nx@bad.example,\nx@sub.bad.example,\nold@example.com,New\n");

        Assert.Equal((4, 3, 1, 1), (import.Rows, import.Suppressed, import.Created, import.Subscribed));
        Assert.Equal("Old", (await ReadAsync("old@example.com")).Name);
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task TheTierIsOfNewSubscriptionsOnly()
    {
        await ImportAsync("email\nana@example.com\n");
        await ImportAsync("email\nana@example.com\nbo@example.com\n", tier: "premium");

        Assert.Equal(SubscriptionTier.Free, (await ReadAsync("ana@example.com")).Subscriptions[0].Tier);
        Assert.Equal(SubscriptionTier.Premium, (await ReadAsync("bo@example.com")).Subscriptions[0].Tier);
    }

    [Fact]
    public async Task ARowThatWouldMakeTooManyAttributesIsAProblemOfItsLine()
    {
        var many = Enumerable.Range(0, 100).ToDictionary(i => $"k{i}", i => JsonSerializer.SerializeToElement(i));
        await Subscribers.CreateAsync(new SubscriberDraft { Email = "full@example.com", Attributes = many }, default);

        var import = await ImportAsync("email,k1,city\nana@example.com,,Paris\nfull@example.com,x,Paris\n");

        Assert.Equal((2, 1, 1), (import.Rows, import.Created, import.Invalid));
        var problem = Assert.Single(await ProblemsAsync(import.Id));
        Assert.Equal((3, null), (problem.Line, problem.Column));
        Assert.Equal("With those already there, this reader would have more than 100 attributes or 100 tags.", problem.Reason);
    }

    [Fact]
    public async Task AnImportNeedsANewsletterAndAKnownTier()
    {
        var unknown = Assert.IsType<AudienceOutcome<Import>.Invalid>(await Imports.CreateAsync("nowhere", null, default));
        Assert.Equal("newsletter", Assert.Single(unknown.Problems).Field);
        var both = Assert.IsType<AudienceOutcome<Import>.Invalid>(await Imports.CreateAsync("\0", "gold", default));
        Assert.Equal(["tier", "newsletter"], both.Problems.Select(problem => problem.Field));
    }

    [Fact]
    public async Task ImportsAreListedByThePage()
    {
        for (var i = 0; i < 5; i++) await BeginAsync();

        var first = await Imports.ListAsync(new PageRequest(Cursor.Start, 3), default);
        Assert.True(PageRequest.TryCreate(first.Next, 3, out var next, out _, out _));
        var second = await Imports.ListAsync(next, default);

        Assert.Equal((3, 2), (first.Items.Count, second.Items.Count));
        Assert.Null(second.Next);
        Assert.Equal(5, first.Items.Concat(second.Items).Select(import => import.Id).Distinct().Count());
    }
}
