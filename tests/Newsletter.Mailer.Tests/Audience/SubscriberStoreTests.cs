using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class SubscriberStoreTests : ImportTest
{
    private ErasureStore Erasures => new(DataSource, Newsletter.Mailer.Links.KeyRing.Generate());

    [Fact]
    public async Task ASubscriberIsCreatedWithASubscriptionAndReadBack()
    {
        var outcome = await Subscribers.CreateAsync(
            new SubscriberDraft
            {
                Email = " Ana@BÜCHER.example ",
                Name = "Ana Lee",
                FirstName = "Annie",
                Attributes = Json("""{"city":"Paris","age":40,"vip":true,"tags":["a","b"],"gone":null}"""),
                TimeZone = "Europe/Paris",
                Language = "fr",
                Newsletter = Tea,
                Tier = "premium",
            },
            default);

        var created = Assert.IsType<AudienceOutcome<Subscriber>.Created>(outcome).Value;
        var read = (await Subscribers.GetAsync(created.Id, default))!;
        Assert.Equal(("Ana@xn--bcher-kva.example", "Ana Lee", "Annie", "Europe/Paris", "fr"),
            (read.Address, read.Name, read.FirstName, read.TimeZone, read.Language));
        Assert.Equal(["age", "city", "first_name", "tags", "vip"], read.Attributes.Keys.Order());
        Assert.Equal(["40", "Paris", "Annie", "a, b", "true"],
            read.Attributes.OrderBy(pair => pair.Key).Select(pair => AttributeRules.ToText(pair.Value)));
        var subscription = Assert.Single(read.Subscriptions);
        Assert.Equal((Tea, SubscriptionStatus.Active, SubscriptionTier.Premium), (subscription.Newsletter, subscription.Status, subscription.Tier));
        Assert.Equal(TimeSpan.Zero, read.CreatedAt.Offset);
    }

    [Fact]
    public async Task TheSameAddressInAnotherCaseIsTheSamePersonAndMerges()
    {
        var first = await CreateAsync(new SubscriberDraft { Email = "Ana@example.com", Name = "Ana", Attributes = Json("""{"city":"Paris","age":40}""") });

        var outcome = await Subscribers.CreateAsync(
            new SubscriberDraft { Email = "aNA@EXAMPLE.com", Attributes = Json("""{"city":"Rome","age":null}"""), Newsletter = Tea }, default);

        var updated = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(outcome).Value;
        Assert.Equal((first.Id, "Ana@example.com", "Ana"), (updated.Id, updated.Address, updated.Name));
        Assert.Equal("Rome", Assert.Single(updated.Attributes).Value.GetString());
        Assert.Single(updated.Subscriptions);
    }

    [Fact]
    public async Task EverythingWrongIsToldAtOnceByFieldAndNothingIsWritten()
    {
        var outcome = await Subscribers.CreateAsync(
            new SubscriberDraft
            {
                Email = "nobody",
                Name = "a\r\nBcc: x",
                Attributes = Json("""
                    {"City":"x","deep":{"a":1},"list":[1],"long":"LONG","huge":1e99999,"nul":"a\u0000b","half":"\ud800","first_name":7}
                    """.Replace("LONG", new string('x', 2_001), StringComparison.Ordinal)),
                TimeZone = "Mars/Olympus",
                Language = "english please",
                Newsletter = "nowhere",
                Tier = "gold",
                Status = "happy",
            },
            default);

        var problems = Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(outcome).Problems;
        Assert.Equal(
            [
                "attributes.City", "attributes.deep", "attributes.first_name", "attributes.half", "attributes.huge", "attributes.list",
                "attributes.long", "attributes.nul", "email", "language", "name", "newsletter", "status", "tier", "time_zone",
            ],
            problems.Select(problem => problem.Field).Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.EndsWith(".", problem.Problem));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task WhoLeftOrHasNotConfirmedComesBackOnlyByAnExplicitWord()
    {
        foreach (var status in new[] { "unsubscribed", "pending" })
        {
            var email = $"{status}@example.com";
            var draft = new SubscriberDraft { Email = email, Newsletter = Tea, Name = "New" };
            await CreateAsync(draft with { Status = status, Name = "Old" });

            var refused = Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Subscribers.CreateAsync(draft, default));
            Assert.Equal("status", refused.Field);
            Assert.Contains("\"confirmed\": true", refused.Problem);
            var same = await ReadAsync(email);
            Assert.Equal(("Old", status), (same.Name, same.Subscriptions[0].Status.Word()));

            var back = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Subscribers.CreateAsync(draft with { Confirmed = true }, default)).Value;
            Assert.Equal(("New", SubscriptionStatus.Active), (back.Name, back.Subscriptions[0].Status));
            Assert.NotNull(back.Subscriptions[0].ConfirmedAt);
            Assert.Null(back.Subscriptions[0].UnsubscribedAt);
            Assert.Null(back.Subscriptions[0].UnsubscribedBy);
        }
    }

    [Fact]
    public async Task ASuppressedAddressIsNotSubscribed()
    {
        await Suppressions.AddAsync(new SuppressionDraft { Domain = "bad.example" }, default);

        var outcome = await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@bad.example", Newsletter = Tea }, default);

        Assert.Equal("email", Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(outcome).Field);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task ChangesMergeAndAnEmptyTextClears()
    {
        var ana = await CreateAsync(new SubscriberDraft
        {
            Email = "ana@example.com",
            Name = "Ana Lee",
            FirstName = "An",
            TimeZone = "Europe/Paris",
            Language = "fr",
            Attributes = Json("""{"city":"Paris","age":40}"""),
        });

        await Subscribers.UpdateAsync(ana.Id, new SubscriberChanges { Attributes = Json("""{"city":null,"tea":"green"}""") }, default);
        var merged = (await Subscribers.GetAsync(ana.Id, default))!;
        Assert.Equal(["age", "first_name", "tea"], merged.Attributes.Keys.Order());
        Assert.Equal(("Ana Lee", "Europe/Paris", "fr"), (merged.Name, merged.TimeZone, merged.Language));

        var outcome = await Subscribers.UpdateAsync(
            ana.Id, new SubscriberChanges { Name = "", FirstName = "", TimeZone = "", Language = "" }, default);
        var cleared = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(outcome).Value;
        Assert.Equal((null, null, null, null), (cleared.Name, cleared.FirstName, cleared.TimeZone, cleared.Language));
        Assert.Equal(["age", "tea"], cleared.Attributes.Keys.Order());
        Assert.True(cleared.UpdatedAt > ana.UpdatedAt);
    }

    [Fact]
    public async Task AttributesStayWithinTheirLimitHoweverTheyCome()
    {
        var most = Json("{" + string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"k{i}\":{i}")) + "}");
        var ana = await CreateAsync(new SubscriberDraft { Email = "ana@example.com", Attributes = most });
        var more = Json("""{"k0":null,"one":1,"two":2}""");

        Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(await Subscribers.UpdateAsync(ana.Id, new SubscriberChanges { Attributes = more }, default));
        Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Attributes = more }, default));
        Assert.IsType<AudienceOutcome<Subscriber>.Updated>(
            await Subscribers.UpdateAsync(ana.Id, new SubscriberChanges { Attributes = Json("""{"k0":null,"one":1}""") }, default));
        var tooMany = new Dictionary<string, JsonElement>(most) { ["k100"] = JsonSerializer.SerializeToElement(1) };
        Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "bo@example.com", Attributes = tooMany }, default));
    }

    [Theory]
    [InlineData("Ana Lee", "{}", "Ana")]
    [InlineData(" Ana  Lee", "{}", "Ana")]
    [InlineData("Ana", """{"first_name":"Annie"}""", "Annie")]
    [InlineData("Ana", """{"first_name":"  "}""", "Ana")]
    [InlineData("Ana", """{"first_name":" Mary Ann "}""", "Mary Ann")]
    [InlineData("山田 太郎", "{}", "山田")]
    [InlineData(null, """{"first_name":"Bo"}""", "Bo")]
    [InlineData(null, "{}", null)]
    [InlineData("", "{}", null)]
    public async Task TheFirstNameIsTheSameInCodeAndInSql(string? name, string attributes, string? expected)
    {
        Assert.Equal(expected, FirstName.Of(name, Json(attributes)));
        Assert.Equal(expected, await Database.ScalarAsync<string>("select first_name($1::text, $2::jsonb)", name, attributes));
    }

    [Fact]
    public async Task SubscribersAreListedByPageAndFilter()
    {
        await AddNewsletterAsync("coffee");
        for (var i = 0; i < 7; i++) await CreateAsync(new SubscriberDraft { Email = $"tea{i}@example.com", Newsletter = Tea, Tier = i < 2 ? "premium" : "free" });
        await CreateAsync(new SubscriberDraft { Email = "coffee@example.com", Newsletter = "coffee" });
        await CreateAsync(new SubscriberDraft { Email = "left@example.com", Newsletter = Tea, Status = "unsubscribed" });
        await CreateAsync(new SubscriberDraft { Email = "none@example.com" });

        Assert.Equal(10, (await ListAsync(new SubscriberFilter())).Count);
        Assert.Equal(8, (await ListAsync(new SubscriberFilter { Newsletter = Tea })).Count);
        Assert.Equal(["left@example.com"], await ListAsync(new SubscriberFilter { Newsletter = Tea, Status = "unsubscribed" }));
        Assert.Equal(8, (await ListAsync(new SubscriberFilter { Status = "active" })).Count);
        Assert.Equal(["tea0@example.com", "tea1@example.com"], await ListAsync(new SubscriberFilter { Newsletter = Tea, Tier = "premium" }));
        var wrong = await Subscribers.ListAsync(new SubscriberFilter { Newsletter = "x", Status = "y", Tier = "z" }, PageRequest.First, default);
        Assert.Equal(["status", "tier", "newsletter"],
            Assert.IsType<AudienceOutcome<Page<Subscriber>>.Invalid>(wrong).Problems.Select(problem => problem.Field));
    }

    [Fact]
    public async Task ErasingRemovesThePersonAndEverySubscription()
    {
        var ana = await CreateAsync(new SubscriberDraft { Email = "ana@example.com", Newsletter = Tea });

        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await Erasures.EraseAsync(ana.Id, default));

        Assert.IsType<AudienceOutcome<Subscriber>.NotFound>(await Erasures.EraseAsync(ana.Id, default));
        Assert.IsType<AudienceOutcome<Subscriber>.NotFound>(await Subscribers.LookupAsync("ana@example.com", default));
        Assert.IsType<AudienceOutcome<Subscriber>.NotFound>(await Subscribers.UpdateAsync(ana.Id, new SubscriberChanges(), default));
        Assert.Null(await Subscribers.GetAsync(ana.Id, default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task TheSamePersonCreatedManyTimesAtOnceIsOne()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => Subscribers.CreateAsync(
            new SubscriberDraft { Email = i % 2 == 0 ? "ana@example.com" : "ANA@example.com", Newsletter = Tea }, default))));

        Assert.Single(outcomes, outcome => outcome is AudienceOutcome<Subscriber>.Created);
        Assert.Equal(11, outcomes.Count(outcome => outcome is AudienceOutcome<Subscriber>.Updated));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    private async Task<List<string>> ListAsync(SubscriberFilter filter)
    {
        var addresses = new List<string>();
        string? cursor = null;
        do
        {
            Assert.True(PageRequest.TryCreate(cursor, 3, out var request, out _, out _));
            var page = Assert.IsType<AudienceOutcome<Page<Subscriber>>.Found>(await Subscribers.ListAsync(filter, request, default)).Value;
            Assert.True(page.Items.Count <= 3);
            addresses.AddRange(page.Items.Select(subscriber => subscriber.Address));
            cursor = page.Next;
        }
        while (cursor is not null);
        return addresses;
    }

    private async Task<Subscriber> CreateAsync(SubscriberDraft draft) =>
        Assert.IsType<AudienceOutcome<Subscriber>.Created>(await Subscribers.CreateAsync(draft, default)).Value;

    private static Dictionary<string, JsonElement> Json(string json) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;
}
